import assert from "node:assert/strict";
import fc from "fast-check";
import { GREETING_TIMEOUT_MS, MESSAGE_BYTES_MAX } from "../../lib/limits.ts";
import { ServerCore, type ServerOptions } from "../../lib/server/core.ts";
import { bytesOf, textOf } from "../../lib/wire/ascii.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

/** A server, and the messages it logged. */
function newServer(options: Partial<ServerOptions> = {}) {
  const clock = new ManualClock();
  const logged: string[] = [];
  const refused: string[] = [];
  const core = new ServerCore({ clientsMax: 2, ...options }, {
    clock,
    events: {
      refusedPeer: (_label, reason) => refused.push(reason),
      clientJoined: () => {},
      clientLeft: () => {},
      message: (_label, bytes, from, to) =>
        logged.push(textOf(bytes, from, to)),
    },
  });
  const connect = () => new ScriptedLink().to((link) => core.accept(link));
  const join = () => {
    const link = connect();
    link.receive("peticion\n");
    assert.equal(link.said(), "confirmacion\n");
    return link;
  };
  return { core, clock, logged, refused, connect, join };
}

Deno.test("server tells its status to whoever asks, who is no client", () => {
  const { core, join, connect } = newServer({ clientsMax: 1 });
  join();
  for (let i = 0; i < 3; i++) {
    const link = connect();
    link.receive("esta");
    link.receive("do\n");
    assert.equal(link.said(), "estado role=server clients=1\n");
    assert.ok(link.isEnding);
  }
  assert.equal(core.clients, 1, "it was full");
});

Deno.test("server echoes chunks as an original server does", () => {
  const { connect, logged } = newServer();
  const link = connect();
  link.receive("peticion");
  assert.equal(link.said(), "confirmacion");
  for (const text of ["numero random: 7", "hola\nmundo", "ñ"]) {
    link.receive(text);
    assert.equal(link.said(), text);
  }
  assert.deepEqual(logged, ["numero random: 7", "hola\nmundo", "ñ"]);
});

Deno.test("server tells a frame peer that it answers in lines", () => {
  const { connect } = newServer();
  const link = connect();
  link.receive("peticion sd/2\n");
  assert.equal(link.said(), "confirmacion role=server\n");
  link.receive("hola\n");
  assert.equal(link.said(), "hola\n");
});

Deno.test("server: any split of the bytes gives the same messages", () => {
  const anyLine = fc.string({ unit: "grapheme", maxLength: 30 })
    .map((text) => text.replaceAll(/[\r\n]/g, " "));
  const anyCuts = fc.array(fc.nat(300), { maxLength: 12 });
  const anyEnding = fc.constantFrom("\n", "\r\n");
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 8 }),
      anyEnding,
      anyCuts,
      (lines, ending, cuts) => {
        const { connect, logged } = newServer();
        const link = connect();
        const text = lines.map((line) => line + ending).join("");
        link.receiveInPieces(bytesOf(`peticion${ending}${text}`), cuts);
        assert.equal(link.said(), `confirmacion\n${text}`);
        assert.deepEqual(logged, lines);
      },
    ),
  );
});

Deno.test("server refuses a client past the limit, and serves the next", () => {
  const { core, connect, join, refused } = newServer({ clientsMax: 2 });
  const first = join();
  join();
  const third = connect();
  third.receive("peticion");
  assert.equal(
    third.said(),
    "error full: 2 clients are connected, the limit; try again later\n",
  );
  assert.equal(third.isEnding, true);
  assert.equal(refused.length, 1);
  first.receive("still here\n");
  assert.equal(first.said(), "still here\n");
  first.breaks();
  assert.equal(core.clients, 1);
  join();
});

Deno.test("server: a connection without a handshake takes no place", () => {
  const { connect, join } = newServer({ clientsMax: 1 });
  const silent = connect();
  join();
  silent.receive("peticion\n");
  assert.match(silent.said(), /^error full: 1 clients are connected/);
});

Deno.test("server: --total-clients counts handshakes, then completes", () => {
  const { core, connect, join } = newServer({ clientsTotal: 2 });
  connect();
  const first = join();
  first.breaks();
  assert.equal(core.complete, false);
  const second = join();
  assert.equal(core.complete, true);
  const third = connect();
  third.receive("peticion\n");
  assert.equal(
    third.said(),
    "error full: this server has had all its clients (2)\n",
  );
  assert.equal(core.clients, 1);
  second.breaks();
  assert.equal(core.clients, 0);
});

Deno.test("server refuses what is no handshake in one clear line", () => {
  const { connect } = newServer();
  const link = connect();
  link.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.equal(
    link.said(),
    "error handshake: expected 'peticion', got " +
      "'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'\n",
  );
  assert.equal(link.isEnding, true);
});

Deno.test("server ends a handshake that takes too long", () => {
  const { core, clock, connect, join } = newServer();
  const silent = connect();
  const client = join();
  clock.advance(GREETING_TIMEOUT_MS + 1);
  core.tick();
  assert.equal(silent.said(), "error silent: no handshake within 60 s\n");
  assert.equal(silent.isEnding, true);
  assert.equal(client.isEnding, false);
});

Deno.test("server answers a line that is too long, and goes on after it", () => {
  const { join, logged } = newServer();
  const link = join();
  link.receive(`${"x".repeat(MESSAGE_BYTES_MAX + 3)}`);
  link.receive("still the same line");
  link.receive(" and its end\nshort\n");
  assert.equal(
    link.said(),
    `error too-long: a message is at most ${MESSAGE_BYTES_MAX} bytes\nshort\n`,
  );
  link.receive(`${"y".repeat(MESSAGE_BYTES_MAX)}\n`);
  assert.equal(link.said().length, MESSAGE_BYTES_MAX + 1);
  assert.equal(logged.length, 2);
});

Deno.test("server stops reading from a client that does not read", () => {
  const { join } = newServer();
  const link = join();
  const line = `${"x".repeat(1000)}\n`;
  let received = 0;
  while (!link.isPaused && received < 10_000) {
    link.receive(line);
    received++;
  }
  assert.ok(link.isPaused, "never paused");
  assert.ok(link.out.length < 1.2 * 1024 * 1024);
  link.drains();
  link.settle();
  assert.equal(link.isPaused, false);
  assert.equal(link.said(), line, "the line that waited is echoed");
});

Deno.test("server drains: takes nothing more, closes what is there", () => {
  const { core, join, connect } = newServer();
  const link = join();
  core.drain();
  assert.equal(link.isEnding, true);
  const late = connect();
  late.receive("peticion\n");
  assert.match(late.said(), /^error full: this server is going down/);
});
