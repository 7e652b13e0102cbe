import assert from "node:assert/strict";
import fc from "fast-check";
import {
  GREETING_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  SEND_BYTES_HIGH,
} from "../../lib/base/limits.ts";
import { ServerCore, type ServerOptions } from "../../lib/server/core.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

/** A server, and the messages it logged. */
function newServer(options: Partial<ServerOptions> = {}) {
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const log = { failure: undefined as string | undefined, refused: 0 };
  const logged: string[] = [];
  const refused: string[] = [];
  const core = new ServerCore({ clientsMax: 2, ...options }, {
    clock,
    turn,
    logFailure: () => log.failure,
    events: {
      unlogged: (messages) => log.refused += messages,
      refusedPeer: (_label, reason) => refused.push(reason),
      clientJoined: () => {},
      clientLeft: () => {},
      message: (_label, bytes, from, to) =>
        logged.push(textOf(bytes, from, to)),
    },
  });
  const connect = () => new ScriptedLink(turn).to((link) => core.accept(link));
  const join = () => {
    const link = connect();
    link.receive("peticion\n");
    assert.equal(link.said(), "confirmacion\n");
    return link;
  };
  return { core, clock, turn, log, logged, refused, connect, join };
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
  assert.match(silent.said(), /^error full: 1 client is connected, the limit/);
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

const NO_ROOM = "the log cannot be written: No space left on device";

Deno.test("server takes an answer back when the log did not take the message", () => {
  const { log, join, connect } = newServer();
  const link = join();
  const old = connect();
  old.receive("peticion");
  assert.equal(old.said(), "confirmacion");
  link.receive("uno\n");
  log.failure = "No space left on device";
  link.receive("dos\n\ntres\r\nand a be");
  assert.equal(
    link.said(),
    "uno\n" + `error not-stored: ${NO_ROOM}\n`.repeat(3),
    "an answer for each line, and none for what is not whole",
  );
  old.receive("antigua");
  assert.equal(old.said(), `error not-stored: ${NO_ROOM}`);
  assert.equal(log.refused, 4);
  log.failure = undefined;
  link.receive("ginning\n");
  assert.equal(link.said(), "and a beginning\n");
  old.receive("otra");
  assert.equal(old.said(), "otra");
  assert.equal(log.refused, 4);
});

Deno.test("server: a message in one piece with the handshake keeps that answer", () => {
  const { log, connect } = newServer();
  log.failure = "No space left on device";
  const link = connect();
  link.receive("peticion\nhola\n");
  assert.equal(link.said(), `confirmacion\nerror not-stored: ${NO_ROOM}\n`);
});

Deno.test("server: each line gets one answer on a full disk, a long one too", () => {
  const { log, join } = newServer();
  log.failure = "full";
  const link = join();
  const long = "x".repeat(MESSAGE_BYTES_MAX + 1);
  link.receive(`uno\n${long}\ndos\n`);
  assert.equal(link.said().match(/^error .*$/gm)?.length, 3);
  // Of a long line the log knows nothing, so nothing is wrong with its answer.
  link.receive(`${long}\n`);
  assert.match(link.said(), /^error too-long: .*\n$/);
});

Deno.test("server: what a full disk answers to empty lines is bounded", () => {
  const { log, join } = newServer();
  log.failure = "full";
  const link = join();
  link.receive("\n".repeat(200_000));
  assert.ok(link.out.length < 1.1 * SEND_BYTES_HIGH, `${link.out.length}`);
  assert.ok(link.isEnding, "the rest is not answered, so it must be closed");
});

Deno.test("server tells that it is not well while its log cannot be written", () => {
  const { log, connect } = newServer();
  log.failure = "No space left on device";
  const ask = () => {
    const link = connect();
    link.receive("estado\n");
    return link.said();
  };
  assert.equal(
    ask(),
    `estado role=server clients=0 unwell=${NO_ROOM.replaceAll(" ", "_")}\n`,
  );
  log.failure = undefined;
  assert.equal(ask(), "estado role=server clients=0\n");
});
