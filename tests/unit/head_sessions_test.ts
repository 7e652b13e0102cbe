import assert from "node:assert/strict";
import fc from "fast-check";
import {
  GREETING_TIMEOUT_MS,
  STORE_TIMEOUT_MS,
  TICK_MS,
  UNGREETED_CONNECTIONS_MAX,
} from "../../lib/base/limits.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { WireError } from "../../lib/wire/errors.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { writeMessages } from "../../lib/wire/client_frames.ts";
import { writeDamaged } from "../../lib/wire/frame.ts";
import { writeNotStored, writeStored } from "../../lib/wire/store_frames.ts";
import { ANSWER, knownNode, newHead } from "../support/new_head.ts";
import { KnownState } from "../../lib/wire/known_nodes.ts";
import { payloadOf } from "../support/records.ts";

/** What a peer says in frames. */
function say(write: (out: ByteQueue) => void): Uint8Array {
  const out = new ByteQueue();
  write(out);
  return out.view();
}

Deno.test("head: an original client and an original data node", () => {
  const { connect } = newHead();
  const node = connect();
  node.receive("peticion");
  assert.equal(node.said(), "confirmacion");
  node.receive("dataNode");
  const client = connect();
  client.receive("peticion");
  assert.equal(client.said(), "confirmacion");
  client.receive("cliente");
  assert.equal(client.said(), "");
  client.receive("numero random: 7");
  assert.equal(node.said(), "mensaje: numero random: 7");
  assert.equal(client.said(), "");
  node.receive("recibido");
  assert.equal(client.said(), "192.0.2.7 , mensaje: recibido");
});

Deno.test("head: `cliente` and a first message in one read are two things", () => {
  const { connect, join } = newHead();
  const node = join("dataNode");
  const client = connect();
  client.receive("peticion");
  client.receive("clientenumero random: 7");
  assert.equal(node.said(), "mensaje: numero random: 7\n");
});

Deno.test("head: any split of a line client's bytes gives the same messages", () => {
  const anyLine = fc.string({ unit: "grapheme", maxLength: 20 })
    .map((text) => text.replaceAll(/[\r\n]/g, " "));
  const anyCuts = fc.array(fc.nat(200), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 6 }),
      anyCuts,
      (lines, cuts) => {
        const { connect, join } = newHead();
        const node = join("dataNode");
        const client = connect();
        const sent = `peticion\ncliente\n${
          lines.map((l) => `${l}\n`).join("")
        }`;
        client.receiveInPieces(bytesOf(sent), cuts);
        const got: string[] = [];
        for (let i = 0; i < lines.length; i++) {
          got.push(node.said());
          node.receive("recibido\n");
        }
        const escaped = lines.map((line) => line.replaceAll("\\", "\\\\"));
        assert.deepEqual(got.length, lines.length);
        got.forEach((text, i) => {
          // Controls are escaped on their way to a data node of lines.
          if (!/\p{Cc}/u.test(lines[i]!)) {
            assert.equal(text, `mensaje: ${escaped[i]}\n`);
          }
        });
        assert.equal(
          client.said(),
          `confirmacion\n${ANSWER.repeat(lines.length)}`,
        );
      },
    ),
  );
});

Deno.test("head: any split of a frame client's bytes gives the same messages", () => {
  const anyBatches = fc.array(
    fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 4 }),
    { maxLength: 4 },
  );
  const anyCuts = fc.array(fc.nat(400), { maxLength: 12 });
  fc.assert(fc.property(anyBatches, anyCuts, (batches, cuts) => {
    const { connect, join } = newHead();
    const node = join("dataNode");
    const client = connect();
    const out = new ByteQueue();
    out.append(bytesOf("peticion sd/2\ncliente id=c1\n"));
    let sequence = 1;
    for (const batch of batches) {
      const payload = payloadOf(batch);
      const at = writeMessages(out, {
        firstSequence: sequence,
        floor: 1,
        after: 0,
        count: batch.length,
      }, payload.length);
      out.bytes.set(payload, at);
      sequence += batch.length;
    }
    client.receiveInPieces(out.view().slice(), cuts);
    let messages = 0;
    while (node.said() !== "") {
      messages++;
      node.receive("recibido\n");
    }
    assert.equal(messages, sequence - 1);
  }));
});

Deno.test("head answers a text client in the order of its messages", () => {
  const { join } = newHead({ placement: "round-robin" });
  const nodes = [join("dataNode"), join("dataNode")];
  const client = join("cliente");
  client.receive("uno\ndos\n");
  assert.deepEqual(nodes.map((node) => node.said()), [
    "mensaje: uno\n",
    "mensaje: dos\n",
  ]);
  nodes[1]!.receive("recibido\n");
  assert.equal(client.said(), "", "the first is not stored yet");
  nodes[0]!.receive("recibido\n");
  assert.equal(client.said(), ANSWER + ANSWER);
});

Deno.test("head keeps messages while there is no data node, and says so", () => {
  const { join, told } = newHead();
  const client = join("cliente");
  client.receive("uno\ndos\n");
  assert.equal(client.said(), "");
  assert.deepEqual(told.filter((line) => line.startsWith("holding")), [
    "holding 0 1",
  ]);
  const node = join("dataNode");
  assert.equal(node.said(), "mensaje: uno\n");
  node.receive("recibido\n");
  assert.equal(node.said(), "mensaje: dos\n");
  node.receive("recibido\n");
  assert.equal(client.said(), ANSWER + ANSWER);
  assert.ok(told.includes("released 2"));
});

Deno.test("head stops reading from clients when it holds enough", () => {
  const { core, join } = newHead({ heldBytesMax: 2_000 });
  const client = join("cliente");
  client.receive("0123456789\n".repeat(20));
  assert.equal(client.isPaused, true);
  assert.equal(core.heldMessages, 4);
  const node = join("dataNode");
  for (let i = 0; i < 20; i++) {
    assert.equal(node.said(), "mensaje: 0123456789\n", `${i}`);
    node.receive("recibido\n");
    client.settle();
  }
  assert.equal(client.isPaused, false);
  assert.equal(client.said(), ANSWER.repeat(20));
});

Deno.test("head places what a lost data node had in flight on another", () => {
  const { join, told } = newHead({ placement: "round-robin" });
  const first = join("dataNode");
  const second = join("dataNode");
  const client = join("cliente");
  client.receive("uno\n");
  assert.equal(first.said(), "mensaje: uno\n");
  first.breaks();
  assert.equal(second.said(), "mensaje: uno\n");
  assert.ok(
    told.includes("memberLeft the peer reset the connection 1"),
    told.join("\n"),
  );
  second.receive("recibido\n");
  assert.equal(client.said(), ANSWER);
});

Deno.test("head gives a message to another data node when one refuses it", () => {
  const { join } = newHead({ placement: "round-robin" });
  const nodes = [join("dataNode"), join("dataNode")];
  const client = join("cliente");
  client.receive("uno\n");
  nodes[0]!.said();
  nodes[0]!.receive("error not-stored: disk full\n");
  assert.equal(nodes[1]!.said(), "mensaje: uno\n");
  nodes[1]!.receive("error not-stored: disk full too\n");
  assert.equal(
    client.said(),
    "error not-stored: disk full too\n",
  );
});

Deno.test("head drops a data node that hangs, and redelivers", () => {
  const { pass, join, joinAs } = newHead({ placement: "round-robin" });
  const hanging = joinAs("dataNode", "chunk");
  const other = join("dataNode");
  join("cliente").receive("uno\n");
  assert.equal(hanging.said(), "mensaje: uno");
  pass(STORE_TIMEOUT_MS + 1);
  assert.equal(hanging.isAborted, true);
  assert.equal(other.said(), "mensaje: uno\n");
});

Deno.test("head drops a data node that answers what it was not asked", () => {
  const { core, join } = newHead();
  const node = join("dataNode");
  node.receive("recibido\n");
  assert.equal(node.isEnding, true);
  assert.equal(core.members.length, 0);
});

Deno.test("head puts out the originals of a silent host, and only those", () => {
  const { core, join } = newHead();
  const node = join("dataNode");
  for (let i = 0; i < 3; i++) core.pinged("192.0.2.99", false);
  core.tick();
  assert.equal(core.members.length, 1);
  assert.deepEqual(core.hosts(), ["192.0.2.7"]);
  assert.equal(core.pinged("192.0.2.7", false), "doubtful");
  assert.equal(core.pinged("192.0.2.7", false), "doubtful");
  core.tick();
  assert.equal(core.members.length, 1, "a lost packet is no death");
  assert.equal(core.pinged("192.0.2.7", false), "silent");
  core.tick();
  assert.equal(core.members.length, 0);
  assert.equal(node.isAborted, true);
  assert.deepEqual(core.hosts(), []);
});

Deno.test("head: with --replicas 2 an answer needs two data nodes", () => {
  const { join, told } = newHead({ replicas: 2 });
  const first = join("dataNode");
  const client = join("cliente");
  client.receive("uno\n");
  assert.equal(first.said(), "", "held until there are two");
  assert.ok(told.includes("holding 1 2"));
  const second = join("dataNode");
  assert.equal(first.said(), "mensaje: uno\n");
  assert.equal(second.said(), "mensaje: uno\n");
  first.receive("recibido\n");
  assert.equal(client.said(), "");
  second.receive("recibido\n");
  assert.equal(client.said(), "192.0.2.7, 192.0.2.7 , mensaje: recibido\n");
});

Deno.test("head: --min-replicas allows fewer copies, and says how many", () => {
  const { join, told } = newHead({ replicas: 2, minReplicas: 1 });
  const node = join("dataNode");
  const client = join("cliente");
  client.receive("uno\n");
  assert.ok(told.includes("fewerCopies 1 2"));
  node.receive("recibido\n");
  assert.equal(client.said(), ANSWER);
  join("dataNode");
  client.receive("dos\n");
  assert.ok(told.includes("fewerCopies 2 2"));
});

Deno.test("head: --min-replicas answers what only waited for a lost copy", () => {
  const { join } = newHead({ replicas: 2, minReplicas: 1 });
  const nodes = [join("dataNode"), join("dataNode")];
  const client = join("cliente");
  client.receive("uno\n");
  nodes[0]!.receive("recibido\n");
  assert.equal(client.said(), "");
  nodes[1]!.breaks();
  assert.equal(client.said(), ANSWER);
});

Deno.test("head: a copy that is lost before the other is made does not count", () => {
  const { join, joinAs } = newHead({ replicas: 2 });
  const [first, second] = ["aaaaaaaa", "bbbbbbbb"].map((id) =>
    joinAs(`dataNode id=${id} life=x`, "frame")
  );
  const client = join("cliente");
  client.receive("uno\n");
  first!.receive(say((out) => writeStored(out, 1, 1, 100)));
  first!.receive(say(writeDamaged));
  second!.receive(say((out) => writeStored(out, 1, 1, 100)));
  assert.equal(client.said(), "", "one disk has it");
  first!.receive(say((out) => writeStored(out, 2, 2, 200)));
  assert.match(client.said(), /recibido/);
});

Deno.test("head: a data node that is back is no second one", () => {
  const { join, joinAs, pass } = newHead({ replicas: 3, minReplicas: 1 });
  const first = joinAs("dataNode id=aaaaaaaa life=x", "frame");
  const full = joinAs("dataNode id=bbbbbbbb life=x", "frame");
  const client = join("cliente");
  client.receive("uno\n");
  first.receive(say((out) => writeStored(out, 1, 1, 100)));
  full.receive(
    say((out) => writeNotStored(out, 1, 1, WireError.notStored, "full")),
  );
  first.breaks();
  joinAs("dataNode id=aaaaaaaa life=y end=100", "frame");
  full.said();
  pass(1_000);
  assert.equal(client.said(), "", "the other has refused it once only");
  full.receive(say((out) => writeStored(out, 2, 2, 100)));
  assert.match(client.said(), /recibido/);
});

Deno.test("head finishes with a client that has said all it will", () => {
  const { join } = newHead();
  const client = join("cliente");
  client.receive("uno\n");
  client.peerEnds();
  assert.equal(client.isEnding, false);
  const node = join("dataNode");
  node.receive("recibido\n");
  assert.equal(client.said(), ANSWER);
  assert.equal(client.isEnding, true);
});

Deno.test("head stores what a client that is gone had sent", () => {
  const { core, join } = newHead();
  const client = join("cliente");
  client.receive("uno\n");
  client.breaks();
  const node = join("dataNode");
  assert.equal(node.said(), "mensaje: uno\n");
  node.receive("recibido\n");
  assert.equal(core.heldMessages, 0);
  assert.equal(client.said(), "");
});

Deno.test("head does not give an original more than it can read", () => {
  const { connect, join } = newHead();
  const node = connect();
  node.receive("peticion");
  node.receive("dataNode");
  node.said();
  const client = join("cliente");
  client.receive(`${"x".repeat(1016)}\n`);
  assert.match(client.said(), /^error too-long: no dataNode here takes/);
  client.receive(`${"x".repeat(1015)}\n`);
  assert.equal(node.said().length, 1024);
});

Deno.test("head refuses a role it does not know, in one line", () => {
  const { connect } = newHead();
  const line = connect();
  line.receive("peticion\nsecretario\n");
  assert.equal(
    line.said(),
    "confirmacion\nerror handshake: expected 'cliente' or 'dataNode', " +
      "got 'secretario'\n",
  );
  const chunk = connect();
  chunk.receive("peticion");
  chunk.said();
  chunk.receive("hola");
  assert.match(chunk.said(), /^error handshake: expected 'cliente'/);
});

Deno.test("head refuses ids that could not be stored", () => {
  const { connect } = newHead();
  for (const role of ["cliente", "cliente id=a/b", "dataNode id=short"]) {
    const link = connect();
    link.receive(`peticion sd/2\n${role}\n`);
    assert.match(textOf(link.saidBytes()), /a (client|node) id is/, role);
    assert.equal(link.isEnding, true);
  }
});

Deno.test("head bounds its connections", () => {
  const { connect, join } = newHead({ connectionsMax: 2 });
  join("dataNode");
  join("cliente");
  for (const request of ["peticion", "peticion\n", "peticion sd/2\n"]) {
    const third = connect();
    third.receive(request);
    assert.match(third.said(), /^error full: this head serves 2 connections/);
    assert.ok(third.isEnding);
  }
  const observer = connect();
  observer.receive("estado\n");
  assert.match(observer.said(), /^estado role=head /);
});

Deno.test("head bounds connections that say nothing", () => {
  const { connect } = newHead();
  for (let i = 0; i < UNGREETED_CONNECTIONS_MAX; i++) connect();
  assert.match(
    connect().said(),
    /^error full: 1024 connections have not said who they are/,
  );
});

Deno.test("head ends a handshake that takes too long", () => {
  const { pass, connect } = newHead();
  const link = connect();
  link.receive("peticion\n");
  pass(GREETING_TIMEOUT_MS + TICK_MS);
  assert.match(link.said(), /error silent/);
});

Deno.test("head: of many connections, none is forgotten", () => {
  const { pass, connect } = newHead({ connectionsMax: 100 });
  const links = Array.from({ length: 33 }, () => connect());
  for (const [i, link] of links.entries()) {
    link.receive("peticion\n");
    // Some leave meanwhile, from the middle of a round too.
    if (i % 3 === 0) link.breaks();
    pass(TICK_MS);
  }
  const waiting = links.filter((_, i) => i % 3 !== 0);
  // Each is looked at within ten ticks, and more than once.
  pass(GREETING_TIMEOUT_MS + 10 * TICK_MS);
  for (const link of waiting) assert.match(link.said(), /error silent/);
});

Deno.test("head: those who come and go keep nobody from being looked at", () => {
  const { pass, connect } = newHead({ connectionsMax: 100 });
  const patient = Array.from({ length: 20 }, () => connect());
  for (const link of patient) link.receive("peticion\n");
  for (let ms = 0; ms < GREETING_TIMEOUT_MS + 10 * TICK_MS; ms += TICK_MS) {
    const hasty = Array.from({ length: 10 }, () => connect());
    pass(TICK_MS);
    for (const link of hasty) link.breaks();
  }
  for (const link of patient) assert.match(link.said(), /error silent/);
});

Deno.test("head drains: takes no more, answers what it has", () => {
  const { core, connect, join } = newHead();
  const node = join("dataNode");
  const client = join("cliente");
  client.receive("uno\n");
  core.drain();
  client.receive("dos\n");
  const late = connect();
  late.receive("peticion\n");
  assert.match(late.said(), /^error draining/);
  assert.equal(core.heldMessages, 1);
  node.receive("recibido\n");
  assert.equal(client.said(), ANSWER);
  assert.equal(core.heldMessages, 0);
  core.close();
  assert.equal(client.isEnding, true);
  assert.equal(node.isEnding, true);
});

Deno.test("head tells its status to whoever asks, with every data node it knows", () => {
  const { connect, joinAs, join, pass, told } = newHead({
    memory: {
      owner: "hhhhhhhh",
      nodes: [
        knownNode({ id: "aaaaaaaa", address: "10.0.0.1" }),
        knownNode({
          id: "bbbbbbbb",
          address: "10.0.0.2",
          state: KnownState.repaired,
        }),
      ],
    },
  });
  const statusOf = () => {
    const link = connect();
    link.receive("estado\n");
    assert.ok(link.isEnding);
    return link.said();
  };
  join("cliente").receive("hola\n");
  joinAs("dataNode id=cccccccc life=x", "frame");
  const known = "dataNode id=aaaaaaaa address=10.0.0.1 state=away\n" +
    "dataNode id=bbbbbbbb address=10.0.0.2 state=repaired\n";
  const last = (state: string) =>
    `dataNode id=cccccccc address=192.0.2.7 state=${state}\n`;
  const before = told.length;
  assert.equal(
    statusOf(),
    `estado role=head held=1\n${known}${last("alive")}`,
  );
  assert.equal(told.length, before, "a question is no event");
  pass(4_000);
  assert.equal(
    statusOf(),
    `estado role=head held=1\n${known}${last("suspect")}`,
  );
});
