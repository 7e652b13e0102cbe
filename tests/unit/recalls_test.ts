/** A head asks data nodes what they know before it places a client's messages. */

import assert from "node:assert/strict";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  newReceiptFields,
  newRefusalFields,
  readReceipt,
  readRefusal,
} from "../../lib/wire/client_frames.ts";
import { WireError, type WireErrorKind } from "../../lib/wire/errors.ts";
import {
  FrameType,
  newFrameBounds,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import { printOf } from "../../lib/wire/print.ts";
import {
  newRecallFields,
  readRecall,
  writeRecalled,
} from "../../lib/wire/recall_frames.ts";
import {
  newReadStore,
  readStore,
  writeNotStored,
  writeStored,
} from "../../lib/wire/store_frames.ts";
import { messagesFrame, newHead } from "../support/new_head.ts";
import type { ScriptedLink } from "../support/scripted_link.ts";

const frame = newFrameBounds();

/** What a peer was sent, a word for each frame. */
function told(link: ScriptedLink): string[] {
  const bytes = link.saidBytes();
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at = frame.end) {
    assert.equal(readFrame(bytes, at, bytes.length, frame), 0);
    const recall = newRecallFields();
    const store = newReadStore();
    const receipt = newReceiptFields();
    const refusal = newRefusalFields();
    const range = (
      { firstSequence, count }: {
        readonly firstSequence: number;
        readonly count: number;
      },
    ) =>
      count === 1
        ? `${firstSequence}`
        : `${firstSequence}..${firstSequence + count - 1}`;
    if (frame.type === FrameType.recall) {
      assert.ok(readRecall(bytes, frame, recall));
      const id = textOf(bytes, frame.payload, frame.end);
      words.push(`recall ${recall.ticket}: ${id}-${range(recall)}`);
    } else if (frame.type === FrameType.store) {
      assert.ok(readStore(bytes, frame, store));
      const verified = store.isVerified ? " verified" : "";
      words.push(`store ${store.ticket}: ${range(store)}${verified}`);
    } else if (frame.type === FrameType.receipt) {
      assert.ok(readReceipt(bytes, frame, receipt));
      words.push(`receipt ${range(receipt)}`);
    } else if (frame.type === FrameType.refusal) {
      assert.ok(readRefusal(bytes, frame, refusal));
      const reason = textOf(bytes, frame.payload, frame.end);
      words.push(`refusal ${range(refusal)} (${refusal.code}): ${reason}`);
    } else if (frame.type === FrameType.error) {
      words.push(`error: ${textOf(bytes, frame.payload, frame.end)}`);
    }
  }
  return words;
}

/** What a peer says. */
function said(write: (out: ByteQueue) => void): Uint8Array {
  const out = new ByteQueue();
  write(out);
  return out.view().slice();
}

/** A data node's answer: the texts that it knows from the first one asked for. */
function recalled(
  ticket: number,
  floor = 0,
  end = 0,
  texts: readonly (string | undefined)[] = [],
): Uint8Array {
  const prints = texts.map((text) => {
    const bytes = bytesOf(text ?? "");
    return text === undefined ? 0 : printOf(bytes, 0, bytes.length);
  });
  return said((out) =>
    writeRecalled(out, { ticket, floor, end }, Uint32Array.from(prints))
  );
}

const stored = (ticket: number, tick = 1) =>
  said((out) => writeStored(out, ticket, tick, 0));

const notStored = (ticket: number, kind: WireErrorKind) =>
  said((out) => writeNotStored(out, ticket, ticket, kind, "as told"));

/** A head with data nodes that tell what they know. */
function newCluster(nodes = 2, replicas = 1) {
  const head = newHead({ placement: "round-robin", replicas });
  const joinNode = (i: number) => {
    const id = "abcdefgh"[i]!.repeat(8);
    const node = head.joinAs(`dataNode id=${id} life=1 recalls=1`, "frame");
    node.saidBytes();
    return node;
  };
  const joinClient = () => head.joinAs("cliente id=c", "frame");
  const links = Array.from({ length: nodes }, (_, i) => joinNode(i));
  const events = (name: string) =>
    head.told.filter((line) => line.startsWith(`${name} `));
  return { ...head, nodes: links, joinNode, joinClient, events };
}

Deno.test("a new client is asked about once, and then never again", () => {
  const { nodes: [a, b], joinClient } = newCluster();
  const client = joinClient();
  client.receive(messagesFrame(["uno"]));
  client.receive(messagesFrame(["dos", "tres"], { firstSequence: 2 }));
  assert.deepEqual(told(a!), ["recall 1: c-1"]);
  assert.deepEqual(told(b!), ["recall 1: c-1"]);
  a!.receive(recalled(1));
  assert.deepEqual(told(a!), [], "the other may know of it");
  b!.receive(recalled(1));
  assert.deepEqual(told(a!), ["store 1: 1"]);
  assert.deepEqual(told(b!), ["store 1: 2..3"]);
  a!.receive(stored(1));
  b!.receive(stored(1));
  assert.deepEqual(told(client), ["receipt 1", "receipt 2..3"]);
  client.receive(messagesFrame(["cuatro"], { firstSequence: 4, floor: 4 }));
  assert.deepEqual([...told(a!), ...told(b!)], ["store 2: 4"]);
});

Deno.test("a client that sends others under its id is refused, and goes on so", () => {
  const { core, nodes: [a, b], joinClient, events } = newCluster();
  const client = joinClient();
  client.receive(messagesFrame(["uno", "DOS", "tres"]));
  a!.receive(recalled(1, 1, 3, ["uno", "dos"]));
  b!.receive(recalled(1));
  const reason = "client id c was used for other messages before: c-2 is " +
    "another one";
  assert.deepEqual(told(client), [`refusal 2..3 (11): ${reason}`]);
  assert.deepEqual(told(a!), ["recall 1: c-1..3", "store 1: 1 verified"]);
  a!.receive(stored(1));
  assert.deepEqual(told(client), ["receipt 1"], "this one is what it was");
  assert.deepEqual(told(b!), ["recall 1: c-1..3"]);
  client.receive(messagesFrame(["x"], { firstSequence: 9, floor: 4 }));
  a!.receive(recalled(2, 1, 3));
  b!.receive(recalled(2));
  assert.deepEqual(told(client), [`refusal 9 (11): ${reason}`]);
  assert.equal(core.heldMessages, 0);
  assert.deepEqual(events("refused"), [
    `refused ${reason}`,
    `refused ${reason}`,
  ]);
  assert.deepEqual(events("memberRefused"), []);
});

Deno.test("a client that resumes is answered by those who have its messages", () => {
  const { nodes: [a, b, c], joinClient } = newCluster(3, 2);
  const client = joinClient();
  const texts = ["1", "2", "3", "4"];
  client.receive(messagesFrame(texts));
  a!.receive(recalled(1, 1, 3, ["1", "2"]));
  b!.receive(recalled(1, 4, 5, [undefined, "2", undefined, "4"]));
  c!.receive(recalled(1, 4, 5, ["1", undefined, "3", "4"]));
  // What two of them have goes to these two, and no third copy is made.
  assert.deepEqual(told(a!), [
    "recall 1: c-1..4",
    "store 1: 1 verified",
    "store 2: 2 verified",
    // The one that lacks a second copy gets it, of whoever is next.
    "store 3: 3 verified",
  ]);
  assert.deepEqual(told(b!), [
    "recall 1: c-1..4",
    "store 1: 2 verified",
    "store 2: 4 verified",
  ]);
  assert.deepEqual(told(c!), [
    "recall 1: c-1..4",
    "store 1: 1 verified",
    "store 2: 3 verified",
    "store 3: 4 verified",
  ]);
  a!.receive(stored(3));
  b!.receive(stored(2));
  assert.deepEqual(told(client), ["receipt 2"]);
  c!.receive(stored(3));
  assert.deepEqual(told(client), ["receipt 1", "receipt 3", "receipt 4"]);
});

Deno.test("what was answered and cannot be compared is refused, and nothing else", () => {
  const { nodes: [a, b], joinClient } = newCluster();
  const client = joinClient();
  client.receive(messagesFrame(["1", "2", "3", "4"]));
  a!.receive(recalled(1, 4, 5, [undefined, "2"]));
  b!.receive(recalled(1));
  const end = "use a new client id, or wait until all are here";
  assert.deepEqual(told(client), [
    `refusal 1 (11): c-1 was answered before, and no dataNode that is here ` +
    `has it: ${end}`,
    `refusal 3 (11): c-3 was answered before, and no dataNode that is here ` +
    `has it: ${end}`,
  ]);
  assert.deepEqual(
    [...told(a!), ...told(b!)].filter((word) => word.startsWith("store")),
    ["store 1: 2 verified", "store 2: 4"],
  );
});

Deno.test("a data node that joins is asked about whoever sends next", () => {
  const { nodes: [a], joinNode, joinClient } = newCluster(1);
  const client = joinClient();
  client.receive(messagesFrame(["1"]));
  a!.receive(recalled(1));
  a!.receive(stored(1));
  told(a!);
  const b = joinNode(1);
  client.receive(messagesFrame(["2"], { firstSequence: 2, floor: 2 }));
  assert.deepEqual(told(a!), ["recall 2: c-2"]);
  a!.receive(recalled(2, 1, 2));
  b.receive(recalled(1, 2, 3, ["another"]));
  assert.match(told(client).at(-1)!, /^refusal 2 \(11\): .* c-2 is another/);
});

Deno.test("messages that wait for a data node are asked about when it comes", () => {
  const { core, joinNode, joinClient, events, pass } = newCluster(0);
  const client = joinClient();
  client.receive(messagesFrame(["1", "2"]));
  assert.deepEqual(events("holding"), ["holding 0 1"]);
  const a = joinNode(0);
  pass(50);
  assert.deepEqual(told(a), []);
  assert.deepEqual(events("released"), []);
  a.receive(recalled(1, 1, 2, ["1"]));
  assert.deepEqual(told(a), ["store 1: 1 verified", "store 2: 2"]);
  pass(50);
  assert.deepEqual(events("released"), [], "on their way is not stored");
  a.receive(stored(2));
  assert.deepEqual(told(client), ["receipt 1", "receipt 2"]);
  assert.deepEqual(events("released"), ["released 2"]);
  assert.equal(core.heldMessages, 0);
});

Deno.test("nobody waits long for a data node that does not tell, or leaves", () => {
  const { nodes: [a, b, c], joinClient, pass } = newCluster(3);
  const client = joinClient();
  client.receive(messagesFrame(["1"]));
  a!.receive(recalled(1));
  b!.breaks();
  pass(450);
  const isStore = (word: string) => word.startsWith("store");
  assert.deepEqual([...told(a!), ...told(c!)].filter(isStore), []);
  pass(100);
  assert.deepEqual([...told(a!), ...told(c!)].filter(isStore), ["store 1: 1"]);
  // What it says too late changes nothing.
  c!.receive(recalled(1, 1, 2, ["another"]));
  assert.deepEqual(told(client).filter((word) => /refusal/.test(word)), []);
});

Deno.test("data nodes of an older version are not asked", () => {
  const { joinAs } = newHead();
  const node = joinAs("dataNode id=aaaaaaaa life=1", "frame");
  const client = joinAs("cliente id=c", "frame");
  told(node);
  client.receive(messagesFrame(["uno"]));
  assert.deepEqual(told(node), ["store 1: 1"]);
});

Deno.test("what a data node contests is asked about, and is no fault of its own", () => {
  const { nodes: [a, b], joinClient, events } = newCluster();
  const client = joinClient();
  client.receive(messagesFrame(["1"]));
  a!.receive(recalled(1));
  b!.receive(recalled(1));
  assert.deepEqual(told(a!), ["recall 1: c-1", "store 1: 1"]);
  // It was asked about before; that the node knows better came meanwhile.
  a!.receive(notStored(1, WireError.reused));
  assert.match(told(client)[0]!, /^refusal 1 \(11\): .* c-1 is another one$/);
  const other = joinClient();
  other.receive(messagesFrame(["1"]));
  a!.receive(recalled(2));
  b!.receive(recalled(2));
  other.receive(messagesFrame(["2", "3"], { firstSequence: 2 }));
  const all = [told(a!), told(b!)];
  assert.ok(all[0]!.includes("store 2: 2..3"), `${all}`);
  a!.receive(notStored(2, WireError.notHere));
  assert.deepEqual(told(a!), ["recall 3: c-2..3"]);
  a!.receive(recalled(3, 3, 3));
  b!.receive(recalled(3, 3, 4, [undefined, "3"]));
  assert.deepEqual(
    [...told(a!), ...told(b!)].filter((word) => /store/.test(word)),
    ["store 2: 3 verified"],
  );
  assert.match(told(other)[0]!, /^refusal 2 \(11\): c-2 was answered before/);
  assert.deepEqual(events("memberRefused"), []);
});

Deno.test("a data node that contests everything stops nobody", () => {
  const { core, nodes: [a], joinClient } = newCluster(1);
  const client = joinClient();
  client.receive(messagesFrame(["1", "2"]));
  for (let ticket = 1; ticket <= 20 && core.heldMessages > 0; ticket++) {
    for (const word of told(a!)) {
      const number = Number(/\d+/.exec(word)![0]);
      a!.receive(
        word.startsWith("recall")
          ? recalled(number)
          : notStored(number, WireError.notHere),
      );
    }
  }
  assert.equal(core.heldMessages, 0);
  assert.equal(told(client).length, 2);
  const out = new ByteQueue();
  writeBeat(out, FrameType.beatEcho, { stamp: 0, isBusy: false });
  assert.equal(a!.isEnding, false);
});
