/**
 * Callers dial, shake hands, and when the connection is lost call again, with
 * growing pauses and jitter.
 *
 * @module
 */

import { type Outcome, PeerGuess } from "./peer_guess.ts";
import { Call, type CalledSession } from "./call.ts";
import { REDIAL_MS_MAX, REDIAL_MS_MIN } from "../base/limits.ts";
import type { Clock, Dialer, Link, Random } from "../base/ports.ts";
import { Encoding, type Properties } from "../wire/greeting.ts";

/** What a caller needs from outside. */
export interface CallerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
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

/**
 * Keeps a connection to a peer that may be absent, may go away, and may be an
 * original program.
 */
export class Caller {
  readonly #addresses: readonly string[];
  readonly #guesses: readonly PeerGuess[];
  readonly #ports: CallerPorts;
  readonly #host: CallerHost;
  #place = 0;
  /** Calls in a row that led to nothing lasting. */
  #failures = 0;
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
    this.#guesses = addresses.map(() => new PeerGuess());
    this.#ports = ports;
    this.#host = host;
  }

  /** The peer called now or next. */
  get address(): string {
    return this.#addresses[this.#place]!;
  }

  /** Makes the first call. */
  start(): void {
    this.#dial();
  }

  /** Makes no more calls, and gives up one under way; a session stays. */
  stop(): void {
    this.#stopped = true;
    this.#nextCallMs = undefined;
    this.#call?.giveUp();
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
    const { clock, dialer } = this.#ports;
    const guess = this.#guesses[this.#place]!;
    const startedMs = clock.nowMs();
    dialer.dial(
      this.address,
      (link) => {
        this.#call = new Call(link, guess.nextCall, clock, {
          agreed: (encoding, properties) => {
            if (encoding !== Encoding.chunk) guess.provedModern();
            return this.#host.agreed(link, encoding, properties);
          },
          over: (outcome, reason) => {
            this.#call = undefined;
            const lastedMs = clock.nowMs() - startedMs;
            if (outcome === "agreed" && lastedMs >= REDIAL_MS_MAX) {
              this.#failures = 0;
            }
            this.#over(outcome, reason);
          },
        });
        if (this.#stopped) this.#call.giveUp();
        return this.#call;
      },
      (reason) => this.#over("absent", reason),
    );
  }

  #over(outcome: Outcome, reason: string): void {
    const { address } = this;
    let pauseMs = 0;
    if (!this.#guesses[this.#place]!.called(outcome)) {
      this.#failures++;
      this.#place = (this.#place + 1) % this.#addresses.length;
      pauseMs = this.#pauseMs();
    }
    if (this.#stopped) return;
    this.#nextCallMs = this.#ports.clock.nowMs() + pauseMs;
    this.#host.lost(address, reason, pauseMs);
  }

  /**
   * After each round of the addresses, twice as long as after the one before;
   * within a round the next address is called at once. Jitter parts callers
   * that lost the same peer.
   */
  #pauseMs(): number {
    if (this.#failures % this.#addresses.length !== 0) return 0;
    const rounds = this.#failures / this.#addresses.length;
    const pause = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** (rounds - 1));
    return pause * (0.5 + this.#ports.random() / 2);
  }
}
