/** The head keeps its bounds, whatever clients and data nodes do. */

import assert from "node:assert/strict";
import {
  FRAME_BYTES_MAX,
  FRAME_PAYLOAD_BYTES_MAX,
  SEND_BYTES_HIGH,
  STORE_TIMEOUT_MS,
} from "../../lib/base/limits.ts";
import {
  newReceiptFields,
  newRefusalFields,
  readReceipt,
  readRefusal,
} from "../../lib/wire/client_frames.ts";
import {
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
} from "../../lib/wire/frame.ts";
import { ANSWER, messagesFrame, newHead } from "../support/new_head.ts";

Deno.test("head refuses frames that no data node could take or keep", () => {
  const long = new Uint8Array(200_000);
  const bad: Readonly<Record<string, Uint8Array>> = {
    "a payload too long to be sent on": messagesFrame([
      long,
      long,
      new Uint8Array(FRAME_BYTES_MAX - 400_100),
    ]),
    "more messages than a frame may have": messagesFrame(
      Array.from({ length: 4_097 }, () => ""),
    ),
    "no message": messagesFrame([]),
    "sequence 0": messagesFrame(["x"], { firstSequence: 0, floor: 0 }),
    "a floor past its messages": messagesFrame(["x"], { floor: 2 }),
    "a sequence past 2^53": messagesFrame(["x"], { firstSequence: 2 ** 53 }),
    "a tick past 2^53": messagesFrame(["x"], { after: 2 ** 60 }),
  };
  for (const [what, frame] of Object.entries(bad)) {
    const { core, joinAs } = newHead();
    const node = joinAs("dataNode id=aaaaaaaa", "frame");
    const client = joinAs("cliente id=c", "frame");
    node.saidBytes();
    client.receive(frame);
    assert.equal(client.isEnding, true, what);
    assert.match(client.said(), /malformed messages frame/, what);
    assert.equal(node.saidBytes().length, 0, what);
    assert.equal(core.heldMessages, 0, what);
  }
});

Deno.test("head passes the longest frame of a client on to a data node", () => {
  const { joinAs } = newHead();
  const node = joinAs("dataNode id=aaaaaaaa", "frame");
  const client = joinAs(`cliente id=${"c".repeat(64)}`, "frame");
  node.saidBytes();
  const half = FRAME_PAYLOAD_BYTES_MAX / 2 - 4;
  client.receive(
    messagesFrame([new Uint8Array(half), new Uint8Array(half)]),
  );
  const bytes = node.saidBytes();
  const bounds = newFrameBounds();
  const status = readFrame(bytes, 0, bytes.length, bounds);
  assert.equal(status, FrameStatus.whole);
  assert.equal(bounds.type, FrameType.store);
});

Deno.test("head: a message that no member takes holds nobody else back", () => {
  const { join, joinAs } = newHead();
  const client = join("cliente");
  const other = join("cliente");
  client.receive(`${"x".repeat(2_000)}\n`);
  other.receive("uno\n");
  const node = joinAs("dataNode", "chunk");
  assert.equal(
    client.said(),
    "error too-long: no dataNode here takes a message of 2000 bytes\n",
  );
  assert.equal(node.said(), "mensaje: uno");
  node.receive("recibido");
  assert.equal(other.said(), ANSWER);
});

Deno.test("head: short messages pass long ones that wait for room", () => {
  const { join, joinAs } = newHead({ memberWindowBytes: 1_000 });
  const modern = joinAs("dataNode id=aaaaaaaa", "frame");
  const original = joinAs("dataNode", "chunk");
  const client = join("cliente");
  const other = join("cliente");
  const long = `${"x".repeat(2_000)}\n`;
  client.receive(long + long);
  assert.notEqual(modern.saidBytes().length, 0);
  other.receive("uno\n");
  assert.equal(original.said(), "mensaje: uno");
});

Deno.test("head: one message that is too long costs the others nothing", () => {
  const { joinAs } = newHead();
  const node = joinAs("dataNode", "chunk");
  const client = joinAs("cliente id=c", "frame");
  client.receive(messagesFrame(["a", "x".repeat(2_000), "b"]));
  for (const text of ["a", "b"]) {
    assert.equal(node.said(), `mensaje: ${text}`);
    node.receive("recibido");
  }
  const bytes = client.saidBytes();
  const bounds = newFrameBounds();
  const told: string[] = [];
  for (let at = 0; at < bytes.length; at = bounds.end) {
    readFrame(bytes, at, bytes.length, bounds);
    const receipt = newReceiptFields();
    const refusal = newRefusalFields();
    if (readReceipt(bytes, bounds, receipt)) {
      told.push(`stored ${receipt.firstSequence} ${receipt.count}`);
    } else if (readRefusal(bytes, bounds, refusal)) {
      told.push(`refused ${refusal.firstSequence} ${refusal.count}`);
    }
  }
  assert.deepEqual(told.sort(), ["refused 2 1", "stored 1 1", "stored 3 1"]);
});

Deno.test("head reads on from a client that was over its own bound while the head was full", () => {
  const { join } = newHead({ clientWindowBytes: 1_500, heldBytesMax: 5_000 });
  const greedy = join("cliente");
  const others = Array.from({ length: 6 }, () => join("cliente"));
  greedy.receive("a\nb\nc\nd\ne\n");
  for (const other of others) other.receive("x\ny\nz\n");
  const everyone = [greedy, ...others];
  assert.ok(everyone.every((client) => client.isPaused));
  const node = join("dataNode");
  // The oldest are answered first, while the head is full.
  for (let stored = 0; stored < 5 + 6 * 3; stored++) {
    assert.match(node.said(), /^mensaje: .\n$/, `after ${stored}`);
    node.receive("recibido\n");
    for (const client of everyone) client.settle();
  }
  assert.equal(greedy.said(), ANSWER.repeat(5));
  assert.ok(everyone.every((client) => !client.isPaused));
});

Deno.test("head gives a data node time for each message, not for each batch", () => {
  const { core, pass, joinAs } = newHead();
  const node = joinAs("dataNode", "chunk");
  joinAs("cliente id=c", "frame").receive(
    messagesFrame(["a", "b", "c", "d"]),
  );
  for (const text of ["a", "b", "c", "d"]) {
    assert.equal(node.said(), `mensaje: ${text}`);
    pass(STORE_TIMEOUT_MS * 0.6);
    node.receive("recibido");
  }
  assert.equal(node.isAborted, false);
  assert.equal(core.heldMessages, 0);
});

Deno.test("head does not hold messages for a data node whose connection is clogged", () => {
  const { told, joinAs } = newHead();
  const placed = () => told.filter((event) => event === "placed").length;
  const clogged = joinAs("dataNode id=aaaaaaaa", "frame");
  clogged.out.append(new Uint8Array(SEND_BYTES_HIGH));
  const client = joinAs("cliente id=c", "frame");
  for (const firstSequence of [1, 2, 3]) {
    client.receive(messagesFrame(["x"], { firstSequence }));
    assert.equal(placed(), firstSequence);
  }
});

Deno.test("head waits for whoever types `recibido`", () => {
  const { pass, join } = newHead();
  const person = join("dataNode");
  join("cliente").receive("hola\n");
  pass(STORE_TIMEOUT_MS * 3);
  assert.equal(person.isAborted, false);
});

Deno.test("head answers a last line without an end, and does not take it", () => {
  const { core, join } = newHead();
  const client = join("cliente");
  client.receive("hol");
  client.peerEnds();
  assert.match(client.said(), /^error malformed: the last line has no end/);
  assert.equal(client.isEnding, true);
  assert.equal(core.heldMessages, 0);
});

Deno.test("head frees the place of a handshake as soon as it is over", () => {
  const { connect, told } = newHead({ connectionsMax: 5_000 });
  for (let i = 0; i < 1_100; i++) {
    const link = connect();
    link.receive("peticion\n");
    link.receive("cliente\n");
  }
  assert.deepEqual(told.filter((line) => line.startsWith("refusedPeer")), []);
});
