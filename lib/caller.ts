/**
 * A caller keeps a connection to a peer that may be absent, may go away, and
 * may be an original program: it dials, shakes hands, and when the connection
 * is lost calls again, with growing pauses and jitter.
 *
 * sd/2 is asked for first. A peer that does not answer that, because it
 * compares the whole request, is asked again as an original program would.
 *
 * @module
 */

import {
  ANSWER_TIMEOUT_MS,
  CHUNK_GRACE_MS,
  REDIAL_MS_MAX,
  REDIAL_MS_MIN,
} from "./limits.ts";
import type { Clock, Dialer, Link, Random, Session } from "./ports.ts";
import { bytesOf, textOf } from "./wire/ascii.ts";
import { WireError } from "./wire/errors.ts";
import {
  Encoding,
  type Properties,
  readConfirmation,
  requestLine,
} from "./wire/greeting.ts";
import { REQUEST } from "./wire/words.ts";

/** What a caller needs from outside. */
export interface CallerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
}

/** A session that can tell why the peer is about to close the connection. */
export interface CalledSession extends Session {
  /** What the peer said of it, if it did. */
  readonly farewell: string | undefined;
}

/** Who has a caller call. */
export interface CallerHost {
  /**
   * The peer has agreed. What it sends from now on goes to the session
   * returned, which is told when the connection is over.
   */
  agreed(
    link: Link,
    encoding: Encoding,
    properties: Properties,
  ): CalledSession;
  /** There is no connection: why, and when the next call is made. */
  lost(address: string, reason: string, nextCallInMs: number): void;
}

/** See the module. */
export class Caller {
  readonly #addresses: readonly string[];
  readonly #ports: CallerPorts;
  readonly #host: CallerHost;
  #place = 0;
  /** Calls in a row that led to nothing lasting. */
  #failures = 0;
  /** Whether the next call asks as an original program would. */
  #plain = false;
  /** Addresses that have answered sd/2: a silence there is no misunderstanding. */
  readonly #modern = new Set<string>();
  #nextCallMs: number | undefined;
  #call: Call | undefined;
  #stopped = false;

  /** @param addresses Peers to choose from, each `host:port`, at least one. */
  constructor(
    addresses: readonly string[],
    ports: CallerPorts,
    host: CallerHost,
  ) {
    this.#addresses = addresses;
    this.#ports = ports;
    this.#host = host;
  }

  /** The peer called now or next. */
  get address(): string {
    return this.#addresses[this.#place % this.#addresses.length]!;
  }

  /** Makes the first call. */
  start(): void {
    this.#dial();
  }

  /** Makes no more calls; an open connection stays. */
  stop(): void {
    this.#stopped = true;
    this.#nextCallMs = undefined;
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#call?.tick(nowMs);
    if (this.#nextCallMs !== undefined && nowMs >= this.#nextCallMs) {
      this.#dial();
    }
  }

  #dial(): void {
    this.#nextCallMs = undefined;
    const address = this.address;
    const startedMs = this.#ports.clock.nowMs();
    this.#ports.dialer.dial(
      address,
      (link) =>
        this.#call = new Call(link, this.#plain, this.#ports.clock, {
          agreed: (encoding, properties) => {
            if (encoding !== Encoding.chunk) this.#modern.add(address);
            return this.#host.agreed(link, encoding, properties);
          },
          over: (outcome, reason) => {
            this.#call = undefined;
            const lastedMs = this.#ports.clock.nowMs() - startedMs;
            if (outcome === "agreed" && lastedMs >= REDIAL_MS_MAX) {
              this.#failures = 0;
            }
            this.#over(address, reason, outcome === "unanswered");
          },
        }),
      (reason) => this.#over(address, reason, false),
    );
  }

  /** @param unanswered Whether a connection came about, but no handshake. */
  #over(address: string, reason: string, unanswered: boolean): void {
    const rewords = unanswered && !this.#plain && !this.#modern.has(address);
    this.#plain = rewords;
    let pauseMs = 0;
    if (!rewords) {
      pauseMs = this.#pauseMs();
      this.#failures++;
      this.#place++;
    }
    if (!this.#stopped) {
      this.#nextCallMs = this.#ports.clock.nowMs() + pauseMs;
    }
    this.#host.lost(address, reason, pauseMs);
  }

  /** Doubles with every round of the addresses; jitter parts the callers. */
  #pauseMs(): number {
    const round = Math.floor(this.#failures / this.#addresses.length);
    const withinRound = (this.#failures + 1) % this.#addresses.length !== 0;
    if (withinRound) return 0;
    const pause = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** round);
    return pause * (0.5 + this.#ports.random() / 2);
  }
}

/** How far a call came: with a refusal, the peer has understood us. */
type Outcome = "agreed" | "refused" | "unanswered";

/** What becomes of one call. */
interface CallEvents {
  agreed(encoding: Encoding, properties: Properties): CalledSession;
  over(outcome: Outcome, reason: string): void;
}

/** One connection: the handshake, then the session that the host made. */
class Call implements Session {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #events: CallEvents;
  readonly #deadlineMs: number;
  #session: CalledSession | undefined;
  /** What the peer has said, while that may not be a whole answer. */
  #said = new Uint8Array(0);
  #silentAtMs = Infinity;
  /** Bytes of the answer that the link still offers, to be passed over. */
  #answerBytes = 0;
  #failure: string | undefined;
  #outcome: Outcome = "unanswered";

  constructor(link: Link, plain: boolean, clock: Clock, events: CallEvents) {
    this.#link = link;
    this.#clock = clock;
    this.#events = events;
    this.#deadlineMs = clock.nowMs() + ANSWER_TIMEOUT_MS;
    link.out.append(bytesOf(plain ? REQUEST : requestLine()));
    link.send();
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#failure !== undefined) return length;
    if (this.#session === undefined) {
      this.#said = bytes.slice(0, length);
      this.#silentAtMs = this.#clock.nowMs() + CHUNK_GRACE_MS;
      this.#read(false);
    }
    const session = this.#agreedSession();
    if (session === undefined) return 0;
    if (this.#answerBytes === 0) return session.received(bytes, length);
    const used = this.#answerBytes;
    this.#answerBytes = 0;
    if (used === length) return used;
    return used + session.received(bytes.subarray(used), length - used);
  }

  ended(): void {
    if (this.#session !== undefined) this.#session.ended();
    else this.#fail("it closed the connection during the handshake");
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(reason: string): void {
    const why = this.#session?.farewell ?? this.#failure ?? reason;
    this.#session?.closed(why);
    const outcome = this.#session !== undefined ? "agreed" : this.#outcome;
    this.#events.over(outcome, why);
  }

  tick(nowMs: number): void {
    if (this.#session !== undefined || this.#failure !== undefined) return;
    if (nowMs >= this.#silentAtMs) this.#read(true);
    else if (nowMs >= this.#deadlineMs) {
      this.#fail(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`);
    }
  }

  /** @param silent Whether the peer has said nothing more for a while. */
  #read(silent: boolean): void {
    const greeting = readConfirmation(this.#said, this.#said.length, silent);
    if (greeting.kind === "wait") return;
    if (greeting.kind === "wrong") {
      const refusal = whyRefused(this.#said);
      if (refusal !== undefined) this.#outcome = "refused";
      this.#fail(refusal ?? greeting.reason);
      return;
    }
    this.#answerBytes = greeting.used;
    this.#session = this.#events.agreed(greeting.encoding, greeting.properties);
  }

  /** The session, once the peer has agreed; the compiler forgets calls. */
  #agreedSession(): Session | undefined {
    return this.#session;
  }

  #fail(reason: string): void {
    this.#failure = reason;
    this.#link.abort();
  }
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
