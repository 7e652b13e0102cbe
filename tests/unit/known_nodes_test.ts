import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import {
  formatNodes,
  NodesFileError,
  parseNodes,
  parseOldNodes,
} from "../../lib/store/nodes_file.ts";
import {
  type KnownNode,
  KnownState,
  merged,
  NO_MESSAGES,
  readRoster,
  writeRoster,
} from "../../lib/wire/known_nodes.ts";
import { verdictOfPass } from "../../lib/head/members/pass_verdict.ts";
import { knownNode } from "../support/new_head.ts";

const anyNode: fc.Arbitrary<KnownNode> = fc.record({
  id: fc.constantFrom("aaaaaaaa", "bbbbbbbb", "cccccccc"),
  address: fc.constantFrom("10.0.0.7", "::1", "fe80::1%eth0"),
  state: fc.constantFrom(...Object.values(KnownState)),
  version: fc.nat(3),
  copies: fc.constantFrom(1, 2, 3, NO_MESSAGES),
  isLacking: fc.boolean(),
  end: fc.maxSafeNat(),
}, { noNullPrototype: true });

Deno.test("memories of a data node merge to the same in any order, however often", () => {
  const nodes = fc.array(anyNode, { minLength: 1, maxLength: 6 });
  // What an address is, is no statement: the last one that was heard counts.
  const all = (order: readonly KnownNode[]) => ({
    ...order.reduce((a, b) => merged(a, b)),
    address: "",
    id: "",
  });
  fc.assert(
    fc.property(nodes, fc.infiniteStream(fc.nat()), (nodes, choices) => {
      const expected = all(nodes);
      const shuffled = [...nodes, ...nodes];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = choices.next().value as number % (i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      assert.deepEqual(all(shuffled), expected);
    }),
  );
});

Deno.test("a roster frame is read as it was written, and nothing else is", () => {
  fc.assert(
    fc.property(fc.array(anyNode), fc.nat(), fc.nat(255), (nodes, at, byte) => {
      const out = new ByteQueue();
      writeRoster(out, nodes);
      const bytes = out.view().slice();
      const frame = newFrameBounds();
      assert.equal(readFrame(bytes, 0, bytes.length, frame), 0);
      assert.deepEqual(readRoster(bytes, frame), nodes);
      // Whatever a peer sends is read or refused, and never throws.
      bytes[at % bytes.length] = byte;
      if (readFrame(bytes, 0, bytes.length, frame) !== 0) return;
      const believed = readRoster(bytes, frame) ?? [];
      // And what is read can be written down, also when it has changed.
      const changed = believed.map((node) => ({
        ...node,
        version: node.version + 1,
      }));
      const file = { owner: "hhhhhhhh", nodes: [...believed, ...changed] };
      assert.deepEqual(parseNodes(formatNodes(file)), file);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("the file of known nodes is read as it was written", () => {
  fc.assert(fc.property(fc.array(anyNode), (nodes) => {
    const file = { owner: "hhhhhhhh", nodes };
    assert.deepEqual(parseNodes(formatNodes(file)), file);
  }));
});

Deno.test("a line that is not understood is an error with its number", () => {
  const nodes = [knownNode({ id: "aaaaaaaa" }), knownNode({ id: "bbbbbbbb" })];
  const text = formatNodes({ owner: "hhhhhhhh", nodes });
  const lines = text.split("\n");
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /line 1 /],
    [text.replaceAll("\n", "\r\n"), /line 1 /],
    [text.replace(/(copies=1) end/, "$1  end"), /line 2 /],
    [text.replace("copies=1 end=0\n", "copies=1 end=0 \n"), /line 2 /],
    [lines.toSpliced(1, 1).join("\n"), /line 3 .*expected '1 in all'/],
    [lines.toSpliced(2, 0, "").join("\n"), /line 3 /],
    [lines.slice(0, 3).join("\n"), /line 3 /],
    [`${text}more\n`, /line 5 /],
    [text.slice(0, -1), /line 5 /],
    [text.replace("known", "unknown"), /line 2 /],
    [text.replace("version=1", "version=99999999999"), /line 2 /],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parseNodes(text), (error) => {
      assert.ok(error instanceof NodesFileError, text);
      assert.match(error.message, message, text);
      return true;
    });
  }
});

Deno.test("what heads before 0.2 remembered is read, as strictly", () => {
  const old = "2026-11-23 18:23:45,123 - tda7x2yz 10.0.0.7\n" +
    "2026-11-23 18:23:46,123 - k3v9x2ab 10.0.0.8\n" +
    "2026-11-23 18:23:47,123 - tda7x2yz 10.0.0.9 repaired\n";
  const found = parseOldNodes(old);
  assert.deepEqual(
    found.map(({ id, address, state }) => [id, address, state]),
    [
      ["tda7x2yz", "10.0.0.9", KnownState.repaired],
      ["k3v9x2ab", "10.0.0.8", KnownState.known],
    ],
  );
  assert.throws(() => parseOldNodes(old.replace("\n", "\r\n")), /line 1 /);
  assert.throws(() => parseOldNodes(old.replace("8\n", "8 \n")), /line 2 /);
});

Deno.test("a pass of repair claims no more than disks can tell", () => {
  const here = (...ids: string[]) =>
    new Map(ids.map((id) => [id, { end: 100 }]));
  const a = knownNode({ id: "aaaaaaaa", copies: 2 });
  const b = knownNode({ id: "bbbbbbbb", copies: 2 });
  const c = knownNode({ id: "cccccccc", copies: 2 });
  const findings = {
    members: [{ id: "aaaaaaaa" }, { id: "bbbbbbbb" }],
    away: ["cccccccc"],
    replicas: 2,
    damaged: new Set<string>(),
    isCurrent: true,
  };
  const verdict = (
    nodes: readonly KnownNode[],
    changes: Partial<typeof findings> = {},
    ids = ["aaaaaaaa", "bbbbbbbb"],
  ) => verdictOfPass(nodes, here(...ids), { ...findings, ...changes });

  // One of two copies is away: the other was read.
  const whole = verdict([a, b, c]);
  assert.equal(whole.isWhole, true);
  assert.deepEqual(whole.changed, [
    { ...c, state: KnownState.repaired, version: 2 },
  ]);
  // It left while others were read: nothing is lost, and copies are to be made.
  const since = verdict([a, b, c], { away: [] });
  assert.deepEqual([since.isWhole, since.changed], [true, []]);
  // A message on it may have been there alone.
  assert.equal(verdict([a, b, { ...c, copies: 1 }]).isWhole, false);
  // Nothing was acknowledged on it.
  const empty = verdict([a, b, { ...c, copies: NO_MESSAGES }]);
  assert.deepEqual([empty.isWhole, empty.changed], [true, []]);
  // Another lacks records too, or has bytes that are none.
  assert.equal(verdict([{ ...a, isLacking: true }, b, c]).isWhole, false);
  const damaged = new Set(["aaaaaaaa"]);
  const both = verdict([a, b, c], { damaged });
  assert.equal(both.isWhole, false);
  assert.deepEqual(both.changed, [{ ...a, isLacking: true, version: 2 }]);
  // Alone, it is healed.
  const healed = verdict([{ ...a, isLacking: true }, b]);
  assert.deepEqual([healed.isWhole, healed.healed], [true, ["aaaaaaaa"]]);
  assert.deepEqual(healed.changed, [{ ...a, end: 100, version: 2 }]);
  // What was let go without a repair counts as a disk that is gone.
  const gone = { ...knownNode({ id: "dddddddd" }), isLacking: true };
  const forgotten = { ...gone, state: KnownState.forgotten };
  assert.equal(verdict([a, b, c, forgotten]).isWhole, false);
  // Who came while others were read proves nothing, and is not healed.
  const came = ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"];
  const d = knownNode({ id: "dddddddd", copies: 2, isLacking: true });
  const back = verdict([a, b, c, d], { away: [] }, came);
  assert.deepEqual([back.isWhole, back.healed, back.changed], [false, [], []]);
  // Copies were made up; unless some were made fewer meanwhile.
  const raised = [{ ...a, copies: 1 }, b];
  assert.deepEqual(verdict(raised).changed, [{ ...a, version: 2 }]);
  assert.deepEqual(verdict(raised, { isCurrent: false }).changed, []);
});
