import assert from "node:assert/strict";
import { HOST_UNKNOWN_MS_MAX } from "../../lib/base/limits.ts";
import { UNKNOWN_HOST } from "../../lib/system/dial.ts";
import { PeerWatch } from "../../roles/peer_watch.ts";
import { ManualClock } from "../support/manual_clock.ts";

function newWatch(...to: readonly string[]) {
  const clock = new ManualClock();
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  const watch = new PeerWatch({
    clock,
    events: { info: tell, warning: tell, error: tell },
    to,
    isUseless: (reason) => reason === "useless",
  });
  return { clock, told, watch };
}

Deno.test("a connection is one again only after an earlier one", () => {
  const { told, watch } = newWatch("a:1");
  assert.equal(watch.lost("a:1", "absent"), undefined);
  assert.equal(watch.lost("a:1", "absent"), undefined);
  assert.equal(watch.isAway, true);
  assert.equal(watch.connected(), false);
  assert.equal(watch.isAway, false);
  watch.lost("a:1", "gone");
  assert.equal(watch.connected(), true);
  assert.deepEqual(told, [
    "No connection to a:1: absent; calling again until there is one",
    "No connection to a:1: gone; calling again until there is one",
  ]);
});

Deno.test("calling again is of no use when all peers that are there are useless", () => {
  const { watch } = newWatch("a:1", "b:1", "c:1");
  assert.equal(watch.lost("a:1", "useless"), undefined);
  assert.equal(watch.lost("b:1", "absent"), undefined);
  assert.equal(
    watch.lost("c:1", "useless"),
    "Cannot use a:1: useless; c:1: useless",
  );
});

Deno.test("a peer that was of use may come back", () => {
  const { watch } = newWatch("a:1");
  watch.connected();
  assert.equal(watch.lost("a:1", "useless"), undefined);
});

Deno.test("a host that nobody knows is called for a while, and that is said", () => {
  const { clock, told, watch } = newWatch("a:1");
  assert.equal(watch.lost("a:1", UNKNOWN_HOST), undefined);
  clock.advance(HOST_UNKNOWN_MS_MAX + 1);
  assert.equal(
    watch.lost("a:1", UNKNOWN_HOST),
    `Cannot find a:1: ${UNKNOWN_HOST}`,
  );
  assert.deepEqual(told, [
    `No connection to a:1: ${UNKNOWN_HOST}; calling again, but not for more ` +
    "than 10 s while no host is known",
  ]);
});
