import assert from "node:assert/strict";
import fc from "fast-check";
import { PAGE_PRINTS } from "../../lib/data/print_pages.ts";
import { Known, Seen } from "../../lib/data/seen.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { printOf, printsOf } from "../../lib/wire/print.ts";
import { payloadOf } from "../support/records.ts";

const a = bytesOf("a");
const b = bytesOf("b");

/** As a data node uses it, with the messages as texts. */
class TextSeen extends Seen {
  stores(
    id: Uint8Array,
    floor: number,
    first: number,
    texts: readonly string[],
    commit = 1,
  ): void {
    const count = texts.length;
    const prints = printsOf(payloadOf(texts), 0, count);
    this.add(id, floor, first, count, commit, prints);
  }

  knows(id: Uint8Array, first: number, ...texts: string[]): Known {
    return this.check(id, first, texts.length, payloadOf(texts), 0);
  }

  recalls(id: Uint8Array, first: number, count: number) {
    const { floor, end, prints } = this.recall(id, first, count);
    return { floor, end, prints: [...prints] };
  }
}

Deno.test("Seen knows what was added, and the commit to wait for", () => {
  const seen = new TextSeen();
  assert.equal(seen.knows(a, 1, "uno"), Known.no);
  seen.stores(a, 1, 1, ["uno", "dos", "tres"], 7);
  assert.equal(seen.knows(a, 1, "uno", "dos", "tres"), Known.yes);
  assert.equal(seen.commit, 7);
  assert.equal(seen.knows(a, 2, "dos"), Known.yes);
  assert.equal(seen.knows(a, 3, "tres", "cuatro"), Known.no);
  assert.equal(seen.knows(b, 1, "uno"), Known.no);
});

Deno.test("Seen tells another message from the one it knows", () => {
  const seen = new TextSeen();
  seen.stores(a, 1, 1, ["uno", "dos"]);
  assert.equal(seen.knows(a, 2, "DOS"), Known.another);
  assert.equal(seen.knows(a, 1, "uno", "dos "), Known.another);
  // Below the floor as well: nobody waits for it, and it is remembered.
  seen.stores(a, 3, 3, ["tres"], 2);
  assert.equal(seen.knows(a, 1, "uno", "dos", "tres"), Known.yes);
  assert.equal(seen.commit, 2);
  assert.equal(seen.knows(a, 1, ""), Known.another);
});

Deno.test("Seen does not answer for what was answered elsewhere", () => {
  const seen = new TextSeen();
  seen.stores(a, 9, 9, ["nueve"]);
  assert.equal(seen.knows(a, 8, "ocho"), Known.answered);
  assert.equal(seen.knows(a, 8, "ocho", "nueve"), Known.answered);
  assert.equal(seen.knows(a, 9, "nueve"), Known.yes);
  assert.equal(seen.knows(a, 8, "ocho", "another"), Known.another);
  assert.equal(seen.knows(a, 10, "diez"), Known.no);
});

Deno.test("Seen agrees with a plain model, over any sequences", () => {
  const step = fc.record({
    rise: fc.nat(40),
    ahead: fc.nat(300),
    count: fc.integer({ min: 1, max: 300 }),
  });
  const run = fc.record({
    start: fc.constantFrom(1, 4_294_967_200, Number.MAX_SAFE_INTEGER - 90_000),
    steps: fc.array(step, { maxLength: 20 }),
  });
  fc.assert(
    fc.property(run, ({ start, steps }) => {
      const seen = new TextSeen();
      const model = new Map<number, string>();
      let floor = start;
      for (const { rise, ahead, count } of steps) {
        floor += rise;
        const first = floor + ahead;
        const texts = Array.from({ length: count }, (_, i) => `${first + i}`);
        seen.stores(a, floor, first, texts);
        for (const [i, text] of texts.entries()) model.set(first + i, text);
        for (let sequence = start; sequence < floor + 700; sequence++) {
          const expected = model.has(sequence)
            ? Known.yes
            : sequence < floor
            ? Known.answered
            : Known.no;
          assert.equal(seen.knows(a, sequence, `${sequence}`), expected);
          if (expected === Known.yes) {
            assert.equal(seen.knows(a, sequence, "x"), Known.another);
          }
        }
      }
      const { prints } = seen.recalls(a, start, 1_000);
      for (const [i, print] of prints.entries()) {
        const bytes = bytesOf(model.get(start + i) ?? "");
        const expected = model.has(start + i)
          ? printOf(bytes, 0, bytes.length)
          : 0;
        assert.equal(print, expected);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("Seen forgets what a failed commit has cost, and nothing else", () => {
  const seen = new TextSeen();
  seen.stores(a, 1, 1, ["uno"], 1);
  seen.stores(a, 1, 2, ["dos"], 2);
  seen.stores(b, 4, 4, ["cuatro"], 2);
  seen.keep(1);
  seen.stores(a, 1, 3, ["tres"], 3);
  seen.forget(2);
  assert.equal(seen.knows(a, 1, "uno"), Known.yes);
  assert.equal(seen.knows(a, 2, "dos"), Known.no);
  assert.equal(seen.knows(a, 3, "tres"), Known.yes);
  assert.equal(seen.knows(b, 4, "cuatro"), Known.no);
  assert.equal(seen.knows(b, 3, "tres"), Known.answered, "floors stay");
  // Nor what is part of the next commit but one.
  seen.stores(a, 1, 4, ["cuatro"], 4);
  seen.forget(3);
  assert.equal(seen.knows(a, 3, "tres"), Known.no);
  assert.equal(seen.knows(a, 4, "cuatro"), Known.yes);
  // Commits that are done are not to be had again.
  assert.throws(() => seen.forget(2), /done/);
});

Deno.test("Seen keeps what an earlier commit has, whatever became of a later one", () => {
  const seen = new TextSeen();
  seen.stores(a, 1, 2, ["dos"], 1);
  seen.stores(a, 1, 4, ["cuatro"], 1);
  // Some of these are new, so that all of them are stored, some once more.
  seen.stores(a, 1, 1, ["uno", "dos", "tres", "cuatro", "cinco"], 2);
  seen.forget(2);
  assert.deepEqual(
    ["uno", "dos", "tres", "cuatro", "cinco"].map((text, i) =>
      seen.knows(a, i + 1, text)
    ),
    [Known.no, Known.yes, Known.no, Known.yes, Known.no],
  );
});

Deno.test("Seen recalls a client, for whoever asks before it places", () => {
  const seen = new TextSeen();
  assert.deepEqual(seen.recalls(a, 1, 5), { floor: 0, end: 0, prints: [] });
  seen.stores(a, 2, 3, ["tres"]);
  const bytes = bytesOf("tres");
  const print = printOf(bytes, 0, bytes.length);
  assert.deepEqual(seen.recalls(a, 1, 9), {
    floor: 2,
    end: 4,
    prints: [0, 0, print],
  });
  assert.deepEqual(seen.recalls(a, 4, 9), { floor: 2, end: 4, prints: [] });
});

Deno.test("Seen takes up stored messages at its start", () => {
  const seen = new TextSeen();
  const bytes = bytesOf("..uno..");
  seen.addStored(a, 1, 1, bytes, 2, 5);
  assert.equal(seen.knows(a, 1, "uno"), Known.yes);
  assert.equal(seen.commit, 0);
  assert.equal(seen.knows(a, 1, "dos"), Known.another);
});

Deno.test("Seen forgets the oldest messages when it has no more memory", () => {
  const seen = new TextSeen(9, 64);
  const texts = Array.from({ length: PAGE_PRINTS }, (_, i) => `${i}`);
  for (let page = 0; page < 65; page++) {
    seen.stores(page % 2 === 0 ? a : b, 1, page * PAGE_PRINTS, texts);
  }
  assert.equal(seen.knows(a, 5, "5"), Known.no, "its page was taken");
  assert.equal(seen.knows(b, PAGE_PRINTS + 5, "5"), Known.yes);
  assert.equal(seen.knows(a, 64 * PAGE_PRINTS + 5, "5"), Known.yes);
  // What was forgotten does not come back with what took its place.
  seen.stores(a, 1, 0, texts.slice(0, 1));
  assert.equal(seen.knows(a, 0, "0"), Known.yes);
  assert.equal(seen.knows(a, 5, "5"), Known.no);
});

Deno.test("Seen forgets the client it has heard of least lately", () => {
  const seen = new TextSeen(2);
  seen.stores(a, 1, 1, ["uno"]);
  seen.stores(b, 1, 1, ["uno"]);
  seen.stores(a, 1, 2, ["dos"]);
  seen.stores(bytesOf("c"), 1, 1, ["uno"]);
  assert.equal(seen.size, 2);
  assert.equal(seen.knows(a, 2, "dos"), Known.yes);
  assert.equal(seen.knows(b, 1, "uno"), Known.no);
  assert.deepEqual(seen.recalls(b, 1, 1), { floor: 0, end: 0, prints: [] });
});

Deno.test("the print of a message is its CRC-32C", () => {
  const of = (text: string) => {
    const bytes = bytesOf(`..${text}..`);
    return printOf(bytes, 2, bytes.length - 2);
  };
  // As every implementation has them; 0 stands for no message.
  assert.equal(of(""), 1);
  assert.equal(of("a"), 0xc1d04330);
  assert.equal(of("123456789"), 0xe3069283);
});

Deno.test("the print of a message sees every byte, and where it stands", () => {
  const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(anyBytes, fc.nat(), fc.nat(3), (bytes, where, shift) => {
      const print = printOf(bytes, 0, bytes.length);
      assert.ok(print >= 1 && print <= 0xffff_ffff);
      const moved = new Uint8Array(bytes.length + shift + 20);
      moved.set(bytes, shift);
      const view = moved.subarray(shift);
      assert.equal(printOf(view, 0, bytes.length), print);
      assert.equal(printOf(moved, shift, shift + bytes.length), print);
      moved[shift + where % bytes.length]! ^= 1 << where % 8;
      assert.notEqual(printOf(view, 0, bytes.length), print);
      assert.notEqual(printOf(bytes, 0, bytes.length - 1), print);
    }),
  );
});
