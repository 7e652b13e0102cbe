import assert from "node:assert/strict";
import type { PeerChoice } from "../../lib/client/context.ts";
import { ClientCore } from "../../lib/client/core.ts";
import { ECHO_GRACE_MS, MESSAGE_BYTES_MAX } from "../../lib/base/limits.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

/** A client that has been answered `confirmation`, and what it told. */
function newClient(confirmation: string, peer: PeerChoice = "auto") {
  const clock = new ManualClock();
  const told: string[] = [];
  let open: ((link: Link) => Session) | undefined;
  const core = new ClientCore({ to: ["p:5000"], clientId: "c", peer }, {
    clock,
    random: () => 1,
    dialer: { dial: (_address, opened) => open = opened },
    events: {
      connected: (_address, role, encoding) =>
        told.push(`connected ${role} ${encoding}`),
      lost: (_address, reason) => told.push(`lost: ${reason}`),
      answered: (first, count, { text }) =>
        told.push(`answered ${first} ${count} ${text}`),
      rejected: (sequence, _kind, reason) =>
        told.push(`rejected ${sequence}: ${reason}`),
      postponed: (count, reason) => told.push(`postponed ${count}: ${reason}`),
      silent: (address, waitedMs) => told.push(`silent ${address} ${waitedMs}`),
      answering: (address, waitedMs) =>
        told.push(`answering ${address} ${waitedMs}`),
      room: () => {},
    },
  });
  core.start();
  const connect = () => {
    const link = new ScriptedLink().to(open!);
    link.said();
    link.receive(confirmation);
    wait(300);
    return link;
  };
  const wait = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      core.tick();
    }
  };
  const send = (text: string) => {
    core.add(bytesOf(text));
    core.pump();
  };
  return { core, told, connect, wait, send };
}

Deno.test("client tells an original head by its silence to `cliente`", () => {
  const { told, connect, wait, send } = newClient("confirmacion");
  send("uno");
  const link = connect();
  assert.equal(link.said(), "cliente");
  wait(ECHO_GRACE_MS);
  assert.deepEqual(told, ["connected head chunk"]);
  assert.equal(link.said(), "uno");
  link.receive("10.0.0.5 , mensaje: recibido");
  assert.equal(told.at(-1), "answered 1 1 10.0.0.5 , mensaje: recibido");
});

Deno.test("client tells an original server by its echo of `cliente`", () => {
  const { told, connect, send } = newClient("confirmacion");
  send("uno");
  const link = connect();
  assert.equal(link.said(), "cliente");
  link.receive("cliente");
  assert.deepEqual(told, ["connected server chunk"]);
  assert.equal(link.said(), "uno");
  link.receive("uno");
  assert.equal(told.at(-1), "answered 1 1 uno");
});

Deno.test("client with --peer server says no `cliente`", () => {
  const { told, connect, send } = newClient("confirmacion", "server");
  send("uno");
  const link = connect();
  assert.equal(link.said(), "uno");
  assert.deepEqual(told, ["connected server chunk"]);
});

Deno.test("client sends nothing to a peer that is not what it must be", () => {
  const cases: readonly (readonly [string, PeerChoice, string])[] = [
    ["confirmacion role=server\n", "head", "lost: it is a server, not a head"],
    [
      "confirmacion sd/2 role=head\n",
      "server",
      "lost: it is a head, not a server",
    ],
  ];
  for (const [confirmation, peer, lost] of cases) {
    const { told, connect, send } = newClient(confirmation, peer);
    send("uno");
    const link = connect();
    link.breaks();
    assert.equal(link.said(), "");
    assert.deepEqual(told, [lost]);
  }
});

Deno.test("client with --peer head knows an original server by its echo", () => {
  const { told, connect, send } = newClient("confirmacion", "head");
  send("uno");
  const link = connect();
  assert.equal(link.said(), "cliente");
  link.receive("cliente");
  assert.equal(link.said(), "");
  assert.deepEqual(told, ["lost: it is a server, not a head"]);
});

Deno.test("client sends one chunk at a time, and lines together", () => {
  const chunk = newClient("confirmacion", "server");
  chunk.send("uno");
  chunk.send("dos");
  const link = chunk.connect();
  assert.equal(link.said(), "uno");
  link.receive("uno");
  assert.equal(link.said(), "dos");

  const line = newClient("confirmacion role=server\n");
  line.send("uno");
  line.send("dos");
  const lines = line.connect();
  assert.equal(lines.said(), "uno\ndos\n");
  lines.receive("uno\ndo");
  lines.receive("s\n");
  assert.deepEqual(line.told.slice(1), [
    "answered 1 1 uno",
    "answered 2 1 dos",
  ]);
});

Deno.test("client sends again what was not answered", () => {
  const { told, connect, wait, send } = newClient("confirmacion role=server\n");
  send("uno");
  send("dos");
  const first = connect();
  assert.equal(first.said(), "uno\ndos\n");
  first.receive("uno\n");
  first.breaks();
  wait(300);
  const second = connect();
  assert.equal(second.said(), "dos\n");
  second.receive("dos\n");
  assert.equal(told.at(-1), "answered 2 1 dos");
});

Deno.test("client sends again, later, what could not be stored", () => {
  const { told, connect, wait, send } = newClient("confirmacion\n", "head");
  send("uno");
  const link = connect();
  wait(ECHO_GRACE_MS);
  assert.equal(link.said(), "cliente\nuno\n");
  link.receive("error not-stored: disk full\n");
  assert.equal(told.at(-1), "postponed 1: disk full");
  assert.equal(link.said(), "");
  wait(600);
  assert.equal(link.said(), "uno\n");
});

Deno.test("client gives up on what can never be stored", () => {
  const { told, connect, wait, send } = newClient("confirmacion\n", "head");
  send("uno");
  const link = connect();
  wait(ECHO_GRACE_MS);
  link.receive("error too-long: at most 3 bytes\n");
  assert.equal(told.at(-1), "rejected 1: at most 3 bytes");
});

Deno.test("client takes an echo for an echo, whatever it says", () => {
  const { told, connect, send } = newClient("confirmacion role=server\n");
  send("error full: just a text");
  const link = connect();
  link.receive("error full: just a text\n");
  assert.equal(told.at(-1), "answered 1 1 error full: just a text");
});

Deno.test("client does not give a line peer several lines", () => {
  const { told, connect, send } = newClient("confirmacion role=server\n");
  send("uno\ndos");
  send("tres");
  assert.equal(connect().said(), "tres\n");
  assert.match(told.at(-1)!, /^rejected 1: this peer takes one message a line/);
});

Deno.test("client finds out that a server was only slow to echo `cliente`", () => {
  const { told, connect, wait, send } = newClient("confirmacion\n");
  send("uno");
  const link = connect();
  wait(ECHO_GRACE_MS);
  assert.deepEqual(told, ["connected head line"]);
  link.receive("cliente\n");
  link.receive("uno\n");
  assert.deepEqual(told.slice(1), [
    "connected server line",
    "answered 1 1 uno",
  ]);
});

Deno.test("client ends with a peer whose answer has no end", () => {
  const { told, connect } = newClient("confirmacion role=server\n");
  const link = connect();
  link.receive(new Uint8Array(MESSAGE_BYTES_MAX + 10_000).fill(97));
  assert.equal(link.isAborted, true);
  assert.equal(told.at(-1), "lost: it sent an answer without an end");
});

Deno.test("client sends what was postponed once, also when the connection is lost", () => {
  const { connect, wait, send } = newClient("confirmacion role=server\n");
  const link = connect();
  send("uno");
  assert.equal(link.said(), "uno\n");
  link.receive("error not-stored: disk full\n");
  link.breaks();
  const again = connect();
  wait(2_000);
  assert.equal(again.said(), "uno\n");
});

Deno.test("client tells of a peer that answers nothing, again each minute, and of its end", () => {
  const { told, connect, wait, send } = newClient("confirmacion", "head");
  const link = connect();
  wait(ECHO_GRACE_MS);
  // Nothing is due.
  wait(100_000);
  assert.deepEqual(told.splice(0), ["connected head chunk"]);
  send("uno");
  send("dos");
  wait(9_950);
  assert.deepEqual(told, []);
  wait(50);
  assert.deepEqual(told.splice(0), ["silent p:5000 10000"]);
  wait(59_950);
  assert.deepEqual(told, []);
  wait(60_050);
  assert.deepEqual(told.splice(0), [
    "silent p:5000 70000",
    "silent p:5000 130000",
  ]);
  // It is not asked twice: it would store it twice.
  assert.equal(link.said(), "clienteuno");
  link.receive("10.0.0.5 , mensaje: recibido");
  assert.deepEqual(told.splice(0), [
    "answering p:5000 130000",
    "answered 1 1 10.0.0.5 , mensaje: recibido",
  ]);
  // The next silence is another.
  wait(10_000);
  assert.deepEqual(told.splice(0), ["silent p:5000 10000"]);
  link.receive("10.0.0.5 , mensaje: recibido");
  told.length = 0;
  wait(100_000);
  assert.deepEqual(told, []);
});

Deno.test("client is content with a peer that is slow, and answers", () => {
  const { told, connect, wait, send } = newClient("confirmacion role=server\n");
  const link = connect();
  for (let i = 0; i < 5; i++) send(`${i}`);
  for (let i = 0; i < 5; i++) {
    wait(9_000);
    link.receive(`${i}\n`);
  }
  assert.deepEqual(told.filter((event) => /silent|answering/.test(event)), []);
});

Deno.test("client forgets a silence when the connection is lost", () => {
  const { told, connect, wait, send } = newClient("confirmacion role=server\n");
  const link = connect();
  send("uno");
  wait(10_000);
  assert.equal(told.at(-1), "silent p:5000 10000");
  link.breaks();
  wait(300);
  const again = connect();
  assert.equal(again.said(), "uno\n");
  again.receive("uno\n");
  assert.equal(told.at(-1), "answered 1 1 uno");
  assert.ok(!told.some((event) => event.startsWith("answering")));
});
