/** Data nodes without frames: original programs, and people with `nc`. */

import assert from "node:assert/strict";
import { TYPING_SLOW_MS, TYPING_TIMEOUT_MS } from "../../lib/base/limits.ts";
import { ANSWER, messagesFrame, newHead } from "../support/new_head.ts";

const told = (lines: readonly string[], event: string) =>
  lines.filter((line) => line.startsWith(event));

Deno.test("an original that stores nothing is suspect, and out later", () => {
  const head = newHead({ placement: "round-robin" });
  const hanging = head.joinAs("dataNode", "chunk");
  const other = head.joinAs("dataNode", "chunk");
  const client = head.join("cliente");
  client.receive("uno\n");
  assert.equal(hanging.said(), "mensaje: uno");
  head.pass(1_900);
  assert.deepEqual(told(head.told, "memberSuspected"), []);
  head.pass(300);
  assert.match(
    told(head.told, "memberSuspected")[0]!,
    /nothing stored for 2\.\d s, nothing known of the host by ping 1$/,
  );
  assert.equal(other.said(), "mensaje: uno");
  other.receive("recibido");
  assert.equal(client.said(), ANSWER);
  client.receive("dos\n");
  assert.equal(hanging.said(), "", "a suspect gets no new message");
  other.receive("recibido");
  assert.equal(hanging.isAborted, false, "it may be slow");
  head.pass(8_000);
  assert.equal(hanging.isAborted, true);
});

Deno.test("a person who types has more time, and a late answer counts", () => {
  const head = newHead();
  const person = head.join("dataNode");
  const client = head.join("cliente");
  client.receive("uno\n");
  assert.equal(person.said(), "mensaje: uno\n");
  head.pass(TYPING_SLOW_MS - 100);
  assert.deepEqual(told(head.told, "memberSuspected"), []);
  head.pass(200);
  assert.equal(told(head.told, "memberSuspected").length, 1);
  head.pass(10_000);
  person.receive("recibido\n");
  assert.equal(client.said(), ANSWER);
  head.pass(50);
  assert.equal(told(head.told, "memberTrusted").length, 1);
  assert.equal(person.said(), "", "it is stored, and not sent again");
  client.receive("dos\n");
  assert.equal(person.said(), "mensaje: dos\n");
  head.pass(TYPING_TIMEOUT_MS + 100);
  assert.equal(person.isAborted, true);
});

Deno.test("a person who always takes his time is trusted in the end", () => {
  const head = newHead();
  const person = head.join("dataNode");
  const client = head.join("cliente");
  for (let i = 0; i < 30; i++) {
    client.receive("hola\n");
    head.pass(8_000);
    person.receive("recibido\n");
    head.pass(100);
  }
  const suspicions = told(head.told, "memberSuspected").length;
  assert.ok(suspicions >= 1 && suspicions <= 4, `${suspicions}`);
});

for (const placement of ["random", "round-robin", "least-loaded"] as const) {
  Deno.test(`placement ${placement}: nothing waits behind what an original stores`, () => {
    const head = newHead({ placement });
    const nodes = [1, 2, 3, 4].map(() => head.joinAs("dataNode", "chunk"));
    const client = head.join("cliente");
    client.receive("uno\ndos\ntres\ncuatro\ncinco\n");
    const first = nodes.map((node) => node.said());
    assert.deepEqual(
      first.toSorted(),
      ["cuatro", "dos", "tres", "uno"].map((text) => `mensaje: ${text}`),
      "each has one, and the fifth waits for whoever is free first",
    );
    nodes[2]!.receive("recibido");
    assert.equal(nodes[2]!.said(), "mensaje: cinco");
  });
}

Deno.test("what is on another disk by now is not sent to a slow original to its end", () => {
  const head = newHead({ placement: "round-robin" });
  const slow = head.joinAs("dataNode", "chunk");
  const other = head.joinAs("dataNode", "chunk");
  head.joinAs("cliente id=c", "frame").receive(messagesFrame(["a", "b", "c"]));
  assert.equal(slow.said(), "mensaje: a");
  head.pass(3_000);
  for (const text of ["a", "b", "c"]) {
    assert.equal(other.said(), `mensaje: ${text}`);
    other.receive("recibido");
  }
  assert.equal(head.core.heldMessages, 0);
  slow.receive("recibido");
  assert.equal(slow.said(), "");
  assert.equal(head.core.members.length, 2);
});
