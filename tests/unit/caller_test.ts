import assert from "node:assert/strict";
import { PeerGuess } from "../../lib/calling/peer_guess.ts";
import type { CalledSession } from "../../lib/calling/call.ts";
import { Caller } from "../../lib/calling/caller.ts";
import { ANSWER_TIMEOUT_MS, REDIAL_MS_MAX } from "../../lib/base/limits.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { textOf } from "../../lib/base/ascii.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

/** A call that waits for the test to decide what becomes of it. */
interface Dialed {
  readonly address: string;
  readonly open: () => ScriptedLink;
  readonly fail: (reason: string) => void;
}

/** A caller, its calls, and what it told. */
function newCaller(addresses = ["h:5000"]) {
  const clock = new ManualClock();
  const calls: Dialed[] = [];
  const told: string[] = [];
  const heard: string[] = [];
  const pauses: number[] = [];
  const session: CalledSession = {
    farewell: undefined,
    received(bytes: Uint8Array, length: number) {
      heard.push(textOf(bytes, 0, length));
      return length;
    },
    ended() {},
    drained() {},
    closed() {},
  };
  const caller = new Caller(addresses, {
    clock,
    random: () => 1,
    dialer: {
      dial: (address, opened: (link: Link) => Session, failed) =>
        calls.push({
          address,
          open: () => new ScriptedLink().to(opened),
          fail: failed,
        }),
    },
  }, {
    agreed: (_link, encoding, properties) => {
      told.push(`agreed ${encoding} ${JSON.stringify(properties)}`);
      return session;
    },
    lost: (address, reason, nextCallInMs) => {
      told.push(`lost ${address}: ${reason}`);
      pauses.push(nextCallInMs);
    },
  });
  /** Lets so much time pass, in steps, as ticks do. */
  const wait = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      caller.tick();
    }
  };
  caller.start();
  return { caller, clock, calls, told, heard, pauses, wait };
}

Deno.test("Caller agrees on frames, lines or chunks, as the peer answers", () => {
  const cases = [
    ["confirmacion sd/2 role=head\n", 'agreed frame {"role":"head"}'],
    ["confirmacion role=server\n", 'agreed line {"role":"server"}'],
    ["confirmacion", "agreed chunk {}"],
  ] as const;
  for (const [answer, expected] of cases) {
    const { calls, told, heard, wait } = newCaller();
    const link = calls[0]!.open();
    assert.equal(link.said(), "peticion sd/2\n");
    link.receive(answer);
    wait(300);
    assert.deepEqual(told, [expected]);
    link.receive("X");
    assert.deepEqual(heard, ["X"]);
  }
});

Deno.test("Caller puts an answer of several parts together", () => {
  const { calls, told, heard } = newCaller();
  const link = calls[0]!.open();
  for (const part of ["confir", "macion", " sd/2 a", "=1\nX"]) {
    link.receive(part);
  }
  assert.deepEqual(told, ['agreed frame {"a":"1"}']);
  assert.deepEqual(heard, ["X"]);
});

Deno.test("Caller does not take half an answer for an original's for long", () => {
  const { calls, told, wait } = newCaller();
  const link = calls[0]!.open();
  link.receive("confirmacion");
  wait(300);
  assert.deepEqual(told, ["agreed chunk {}"]);
  link.receive(" sd/2 role=head\n");
  assert.equal(link.isAborted, true);
});

Deno.test("Caller calls again with pauses that grow to a bound", () => {
  const { calls, pauses, wait } = newCaller();
  for (let i = 0; i < 10; i++) {
    calls.at(-1)!.fail("nobody listens there");
    wait(pauses.at(-1)! + 50);
  }
  assert.deepEqual(pauses.slice(0, 5), [100, 200, 400, 800, 1600]);
  assert.equal(pauses.at(-1), REDIAL_MS_MAX);
  assert.equal(calls.length, 11);
});

Deno.test("Caller tries the next address at once, and pauses after a round", () => {
  const { calls, pauses, wait } = newCaller(["a:1", "b:2", "c:3"]);
  for (let i = 0; i < 7; i++) {
    calls.at(-1)!.fail("nobody listens there");
    wait(Math.max(50, pauses.at(-1)! + 50));
  }
  assert.deepEqual(
    calls.slice(0, 7).map((call) => call.address),
    ["a:1", "b:2", "c:3", "a:1", "b:2", "c:3", "a:1"],
  );
  assert.deepEqual(pauses.slice(0, 6), [0, 0, 100, 0, 0, 200]);
});

Deno.test("Caller tells why a peer refused, and keeps asking the same way", () => {
  const { calls, told, wait } = newCaller();
  const link = calls[0]!.open();
  link.receive("error full: 2 clients are connected, the limit\n");
  assert.equal(link.isAborted, true);
  link.breaks();
  assert.deepEqual(told, [
    "lost h:5000: full: 2 clients are connected, the limit",
  ]);
  wait(200);
  assert.equal(calls[1]!.open().said(), "peticion sd/2\n");
});

Deno.test("Caller stops calling when told so", () => {
  const { caller, calls, wait } = newCaller();
  calls[0]!.fail("nobody listens there");
  caller.stop();
  wait(10_000);
  assert.equal(calls.length, 1);
});

/** Calls until one is agreed on; `answer` is what the peer says to a request. */
function converse(
  answer: (request: string, call: number) => string | undefined,
) {
  const caller = newCaller();
  const asked: string[] = [];
  for (let i = 0; i < 12 && !caller.told.at(-1)?.startsWith("agreed"); i++) {
    const link = caller.calls.at(-1)!.open();
    const request = link.said();
    asked.push(request);
    const said = answer(request, i);
    if (said !== undefined) link.receive(said);
    caller.wait(ANSWER_TIMEOUT_MS + 100);
    if (!caller.told.at(-1)?.startsWith("agreed")) {
      assert.equal(link.isAborted, true);
      link.breaks();
      caller.wait(REDIAL_MS_MAX + 100);
    }
  }
  return { asked, told: caller.told };
}

Deno.test("Caller finds an original that compares the whole request", () => {
  const { asked, told } = converse((request) =>
    request === "peticion" ? "confirmacion" : undefined
  );
  const frames = "peticion sd/2\n";
  const plain = "peticion";
  assert.deepEqual(asked, [frames, plain, frames, frames, plain]);
  assert.equal(told.at(-1), "agreed chunk {}");
});

Deno.test("Caller does not take a peer of ours that hung for an original", () => {
  // It hangs at the first call only; to both requests it answers as ours do.
  const { asked, told } = converse((request, call) => {
    if (call === 0) return undefined;
    return request === "peticion" ? "confirmacion" : "confirmacion sd/2\n";
  });
  assert.deepEqual(asked, ["peticion sd/2\n", "peticion", "peticion sd/2\n"]);
  assert.equal(told.at(-1), "agreed frame {}");
});

Deno.test("PeerGuess never asks plainly once a peer agreed to frames", () => {
  const guess = new PeerGuess();
  guess.provedModern();
  for (const outcome of ["unanswered", "absent", "unanswered"] as const) {
    assert.equal(guess.called(outcome), false);
    assert.equal(guess.nextCall, "frames");
  }
});

Deno.test("PeerGuess forgets what it found when the peer is absent", () => {
  const guess = new PeerGuess();
  for (const outcome of ["unanswered", "agreed", "unanswered"] as const) {
    guess.called(outcome);
  }
  guess.called("absent");
  assert.equal(guess.nextCall, "frames");
  guess.called("unanswered");
  assert.equal(guess.nextCall, "probe");
});

Deno.test("Caller.stop gives up a call under way, and takes none that comes late", () => {
  const early = newCaller();
  const link = early.calls[0]!.open();
  early.caller.stop();
  assert.equal(link.isAborted, true);

  const late = newCaller();
  late.caller.stop();
  assert.equal(late.calls[0]!.open().isAborted, true);
  late.wait(60_000);
  assert.equal(late.calls.length, 1);
  assert.deepEqual([...early.told, ...late.told], []);
});

Deno.test("Caller tells a session that was aborted while it was made, afterwards", () => {
  // The peer says all at once, or is taken for an original when it is silent.
  for (const answer of ["confirmacion sd/2\nX", "confirmacion"]) {
    const clock = new ManualClock();
    const told: string[] = [];
    const links: ScriptedLink[] = [];
    const caller = new Caller(["h:5000"], {
      clock,
      random: () => 1,
      dialer: {
        dial: (_, opened) => links.push(new ScriptedLink().to(opened)),
      },
    }, {
      agreed(link) {
        link.abort();
        told.push("made");
        return {
          farewell: undefined,
          received: () => assert.fail("it was offered bytes"),
          ended: () => assert.fail("it was told of an end"),
          drained() {},
          closed: (reason) => told.push(`closed: ${reason}`),
        };
      },
      lost: (_, reason) => told.push(`lost: ${reason}`),
    });
    caller.start();
    links[0]!.receive(answer);
    for (let passed = 0; passed < 500; passed += 50) {
      clock.advance(50);
      caller.tick();
    }
    assert.deepEqual(told.slice(0, 3), [
      "made",
      "closed: we closed the connection",
      "lost: we closed the connection",
    ]);
    assert.equal(links.length, 2);
  }
});

Deno.test("Caller.stop may be called while a session is made", () => {
  const told: string[] = [];
  let open: ((link: Link) => Session) | undefined;
  let dials = 0;
  const caller = new Caller(["h:5000"], {
    clock: new ManualClock(),
    random: () => 1,
    dialer: {
      dial(_, opened) {
        open = opened;
        dials++;
      },
    },
  }, {
    agreed() {
      caller.stop();
      return {
        farewell: undefined,
        received: () => assert.fail("it was offered bytes"),
        ended() {},
        drained() {},
        closed: (reason) => told.push(`closed: ${reason}`),
      };
    },
    lost: () => assert.fail("it was told after it was stopped"),
  });
  caller.start();
  const link = new ScriptedLink().to(open!);
  link.receive("confirmacion sd/2\nX");
  assert.equal(link.isAborted, true);
  assert.deepEqual(told, ["closed: we gave up"]);
  caller.tick();
  assert.equal(dials, 1);
});

Deno.test("Caller takes what follows a whole answer in the same read", () => {
  const { calls, told, heard } = newCaller();
  const link = calls[0]!.open();
  // A frame may begin with any byte, also with one that could end a line.
  link.receive("confirmacion sd/2\n\n rest");
  assert.deepEqual(told, ["agreed frame {}"]);
  assert.deepEqual(heard, ["\n rest"]);
  assert.equal(link.isAborted, false);
});
