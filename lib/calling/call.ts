/**
 * Calls, from the request for a connection to the end of what came of it.
 *
 * @module
 */

import { CallKind, type Outcome } from "./peer_guess.ts";
import { ANSWER_TIMEOUT_MS, CHUNK_GRACE_MS } from "../base/limits.ts";
import type { Clock, Link, Session } from "../base/ports.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { WireError } from "../wire/errors.ts";
import {
  type Encoding,
  type Properties,
  readConfirmation,
  requestLine,
} from "../wire/greeting.ts";
import { REQUEST } from "../wire/words.ts";

/** A session that can tell why the peer is about to close the connection. */
export interface CalledSession extends Session {
  /** What the peer said of it, if it did. */
  readonly farewell: string | undefined;
}

/** What becomes of a call. */
export interface CallEvents {
  /** The peer has agreed: makes the session of what follows. */
  agreed(encoding: Encoding, properties: Properties): CalledSession;
  /** The call is over. */
  over(outcome: Outcome, reason: string): void;
}

const LF = 10;
const CR = 13;
const SPACE = 32;

/**
 * One call: the handshake of the side that calls, then the session that the
 * host made.
 */
export class Call implements Session {
  readonly #link: Link;
  readonly #kind: CallKind;
  readonly #clock: Clock;
  readonly #events: CallEvents;
  readonly #deadlineMs: number;
  #session: CalledSession | undefined;
  /** Whether the session is being made, and cannot be told anything yet. */
  #isAgreeing = false;
  /** Why the connection was closed meanwhile. */
  #closedEarly: string | undefined;
  /** What the peer has said, while that may not be a whole answer. */
  #said = new Uint8Array(0);
  /** When `confirmacion` without an ending is taken for a whole answer. */
  #silentAtMs = Infinity;
  /** Bytes of the answer that the link offers again, and we pass over. */
  #answerBytes = 0;
  /** Whether silence after `confirmacion` decided the encoding. */
  #isBySilence = false;
  #failure: string | undefined;
  #outcome: Outcome = "absent";

  /** @param link On which nothing has been said yet. */
  constructor(link: Link, kind: CallKind, clock: Clock, events: CallEvents) {
    this.#link = link;
    this.#kind = kind;
    this.#clock = clock;
    this.#events = events;
    this.#deadlineMs = clock.nowMs() + ANSWER_TIMEOUT_MS;
    link.out.append(
      bytesOf(kind === CallKind.frames ? requestLine() : REQUEST),
    );
    link.send();
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#failure !== undefined) return length;
    if (this.#session === undefined) {
      this.#said = bytes.slice(0, length);
      this.#silentAtMs = this.#clock.nowMs() + CHUNK_GRACE_MS;
      this.#read(false);
    }
    const session = this.#currentSession();
    if (this.#closedEarly !== undefined) return length;
    if (session === undefined) return 0;
    const used = this.#answerBytes;
    if (used === 0) return session.received(bytes, length);
    if (this.#isBySilence && used < length && isLateEnding(bytes[used]!)) {
      // Not an original's answer after all: it only came in two parts.
      this.#fail("agreed", "its answer came too late");
      return length;
    }
    this.#answerBytes = 0;
    if (used === length) return used;
    return used + session.received(bytes.subarray(used), length - used);
  }

  ended(unused: number): void {
    if (this.#session !== undefined) {
      this.#session.ended(unused);
    } else {
      this.#fail(
        "unanswered",
        "it closed the connection during the handshake",
      );
    }
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(reason: string): void {
    if (this.#isAgreeing) {
      this.#closedEarly = reason;
      return;
    }
    const why = this.#session?.farewell ?? this.#failure ?? reason;
    this.#session?.closed(why);
    const outcome = this.#session === undefined ? this.#outcome : "agreed";
    this.#events.over(outcome, why);
  }

  /** Ends the call if the peer has not agreed yet. */
  giveUp(): void {
    if (this.#session === undefined) this.#fail("absent", "we gave up");
  }

  /** Moves deadlines. */
  tick(nowMs: number): void {
    if (this.#session !== undefined || this.#failure !== undefined) return;
    if (nowMs >= this.#silentAtMs) this.#read(true);
    else if (nowMs >= this.#deadlineMs) {
      this.#fail("unanswered", `no answer within ${ANSWER_TIMEOUT_MS} ms`);
    }
  }

  /** @param silent Whether the peer has said nothing more for a while. */
  #read(silent: boolean): void {
    const greeting = readConfirmation(this.#said, this.#said.length, silent);
    if (greeting.kind === "wait") return;
    if (greeting.kind === "wrong") {
      const refusal = whyRefused(this.#said);
      if (refusal === undefined) this.#fail("unanswered", greeting.reason);
      else this.#fail("refused", refusal);
      return;
    }
    if (this.#kind === CallKind.probe) {
      this.#fail("agreed", "it answers an original's request");
      return;
    }
    this.#isBySilence = silent;
    // When silence decided, the link will offer the answer once more.
    this.#answerBytes = greeting.used;
    this.#isAgreeing = true;
    this.#session = this.#events.agreed(greeting.encoding, greeting.properties);
    this.#isAgreeing = false;
    if (this.#closedEarly !== undefined) this.closed(this.#closedEarly);
  }

  /** The session, if the call of {@linkcode #read} has made it. */
  #currentSession(): Session | undefined {
    return this.#session;
  }

  #fail(outcome: Outcome, reason: string): void {
    this.#outcome = outcome;
    this.#failure = reason;
    this.#link.abort();
  }
}

/** Whether a byte after `confirmacion` belongs to a longer answer. */
function isLateEnding(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR;
}

/**
 * The reason in an `error …` line of a peer that has understood the request,
 * or undefined when this is none.
 */
function whyRefused(said: Uint8Array): string | undefined {
  const line = textOf(said).split("\n", 1)[0]!;
  const misunderstood = `error ${WireError.handshake.word}:`;
  return line.startsWith("error ") && !line.startsWith(misunderstood)
    ? line.slice("error ".length)
    : undefined;
}
