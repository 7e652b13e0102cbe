/**
 * The small interfaces through which clock, randomness, network and disk reach
 * the cores. A core imports these and nothing of `Deno`, so the same code runs
 * on real sockets and in a simulation that a seed replays.
 *
 * @module
 */

import type { ByteQueue } from "./byte_queue.ts";

/** Two clocks: one to measure with, one to write down. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970 as the wall shows them; may step either way. */
  wallMs(): number;
}

/**
 * A source of random numbers.
 *
 * @returns A number in `[0, 1)`, uniformly distributed.
 */
export type Random = () => number;

/**
 * The end of a turn: when every event that was ready has been handled and
 * nothing new has been waited for. What is put off to it is done once for all
 * of them: one write of a log, one commit, one write to each peer.
 */
export interface Turn {
  /**
   * Runs `job` when the turn ends, before bytes leave for any peer.
   * What an answer promises must be done by then.
   */
  beforeSending(job: () => void): void;
  /** Runs `job` after those. */
  sending(job: () => void): void;
}

/** What a core may do to one connection. */
export interface Link {
  /** Numeric address of the peer, as it appears in answers and logs. */
  readonly peerAddress: string;
  /** TCP port of the peer; tells two peers of one address apart in logs. */
  readonly peerPort: number;
  /**
   * Bytes for the peer. Append, then call {@linkcode Link.send}, and do not
   * keep it: there is another one when these are on their way.
   */
  readonly out: ByteQueue;
  /** Sends what `out` holds when this turn ends: one write for all of it. */
  send(): void;
  /** Takes no more bytes from the peer until {@linkcode Link.resume}. */
  pause(): void;
  /** Takes bytes again; what was left unused is offered first. */
  resume(): void;
  /** Takes reads of at least this many bytes from now on, if they come. */
  expect(bytes: number): void;
  /** Sends what `out` holds, gives the peer a moment to read it, closes. */
  end(): void;
  /**
   * Closes at once, with what was not sent. The session is told during this
   * call, or, while it is still being made, as soon as it is there.
   */
  abort(): void;
}

/**
 * What a core makes of one connection. The network calls these in order, never
 * one inside another, and nothing after `closed`.
 */
export interface Session {
  /**
   * Bytes from the peer.
   *
   * @param bytes Valid only during the call.
   * @param length How many of them are filled, from the start.
   * @returns How many were used up. The rest is offered again, in front of
   * what comes next, or when a paused link resumes.
   */
  received(bytes: Uint8Array, length: number): number;
  /**
   * The peer sends no more; it may still be reading.
   *
   * @param unused How many of its last bytes were offered and not used.
   */
  ended(unused: number): void;
  /** What was appended to `out` has been handed to the network. */
  drained(): void;
  /** The connection is over, for the reason given in words. */
  closed(reason: string): void;
}

/** How a core calls a peer. */
export interface Dialer {
  /**
   * Calls `address` (`host:port`). Exactly one of the two callbacks follows,
   * never during this call.
   *
   * @param opened Makes the session of the new connection.
   * @param failed Tells in words why there is none.
   */
  dial(
    address: string,
    opened: (link: Link) => Session,
    failed: (reason: string) => void,
  ): void;
}
