import assert from "node:assert/strict";
import { TWIN_MS_MAX, TwinWatch } from "../../lib/data/twin_watch.ts";
import { otherLifeIn, twinReason, withoutLife } from "../../lib/wire/twin.ts";

Deno.test("a head's reason names the other's life, for people it does not", () => {
  const text = "dataNode aaaaaaaa is here already, from 10.0.0.7:4000";
  const reason = twinReason("aaaaaaaa", "10.0.0.7:4000", "k3v9x2ab");
  assert.equal(otherLifeIn(reason), "k3v9x2ab");
  assert.equal(withoutLife(reason), text);
  // An older head says none, and a life may be anything on the wire.
  assert.equal(otherLifeIn(text), undefined);
  assert.equal(withoutLife(text), text);
  for (const life of ["", "x".repeat(900), "a, life=b", "Ñ"]) {
    assert.equal(twinReason("aaaaaaaa", "10.0.0.7:4000", life), text);
  }
});

/** Meets twins every second. @returns After how long it has to end, in s. */
function endsAfter(
  watch: TwinWatch,
  meets: (watch: TwinWatch, nowMs: number) => boolean,
): number | undefined {
  for (let ms = 0; ms <= 4 * TWIN_MS_MAX; ms += 1_000) {
    if (meets(watch, ms)) return ms / 1_000;
  }
  return undefined;
}

Deno.test("of two that are joined elsewhere, the greater one ends", () => {
  const joined = (life: string) => {
    const watch = new TwinWatch(life);
    watch.joined("a:5000");
    return watch;
  };
  const meets = (other: string) => (watch: TwinWatch, nowMs: number) =>
    watch.met("b:5000", other, nowMs);
  assert.equal(endsAfter(joined("m"), meets("c")), 15);
  // The smaller one waits whether the other ends, as it should.
  assert.equal(endsAfter(joined("c"), meets("m")), 30);
});

Deno.test("one that no head has taken in ends, whichever it is", () => {
  for (const other of ["a", "z", undefined]) {
    const watch = new TwinWatch("m");
    assert.equal(
      endsAfter(watch, (watch, nowMs) => watch.met("b:5000", other, nowMs)),
      15,
    );
  }
});

Deno.test("one that meets its former self does not end", () => {
  const watch = new TwinWatch("z");
  // One head notices at once that it is gone, another after a while.
  assert.equal(watch.met("a:5000", "b", 0), false);
  watch.joined("a:5000");
  assert.equal(watch.met("b:5000", "b", 100), false);
  assert.equal(watch.met("b:5000", "b", 10_000), false);
  watch.joined("b:5000");
  // Much later it is not held against it.
  assert.equal(watch.met("b:5000", "b", 1_000_000), false);
});

Deno.test("several that come and go are no twin that stays", () => {
  const watch = new TwinWatch("z");
  watch.joined("a:5000");
  const others = ["b", "c"];
  assert.equal(
    endsAfter(
      watch,
      (watch, nowMs) => watch.met("b:5000", others[nowMs / 1_000 % 2], nowMs),
    ),
    undefined,
  );
});

Deno.test("an older head, that names no life, ends nobody that is joined", () => {
  const watch = new TwinWatch("z");
  watch.joined("a:5000");
  assert.equal(
    endsAfter(watch, (watch, nowMs) => watch.met("b:5000", undefined, nowMs)),
    undefined,
  );
});
