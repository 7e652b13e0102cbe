/**
 * A connection without a network: a test writes what the peer sends, in any
 * pieces, and reads what the session under test answered.
 *
 * It keeps what a session leaves unused and offers it again, as ports.ts says,
 * so a session sees exactly what it would see on a socket.
 */

import type { Link, Session } from "../../lib/base/ports.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import type { ManualTurn } from "./manual_turn.ts";

const OUR_CLOSE = "we closed the connection";

export class ScriptedLink implements Link {
  readonly peerAddress = "192.0.2.7";
  readonly peerPort = 40_000;
  /** Another one after each look, as that of a socket after each write. */
  out = new ByteQueue();
  isPaused = false;
  isEnding = false;
  isAborted = false;
  readonly #turn: ManualTurn | undefined;
  #session: Session | undefined;
  #unused = new Uint8Array(0);

  /** @param turn Ends with each event of this link. */
  constructor(turn?: ManualTurn) {
    this.#turn = turn;
  }

  /** Connects a session. @returns This. */
  to(makeSession: (link: Link) => Session): this {
    const session = makeSession(this);
    // It was aborted while its session was made.
    if (this.isAborted) session.closed(OUR_CLOSE);
    this.#session = session;
    return this;
  }

  /** The peer sends text or bytes, in one piece. */
  receive(data: string | Uint8Array): void {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    const offered = new Uint8Array(this.#unused.length + bytes.length);
    offered.set(this.#unused);
    offered.set(bytes, this.#unused.length);
    this.#unused = offered;
    this.#offer();
    this.#turn?.end();
  }

  /** The peer sends the same in pieces that end at `cuts`. */
  receiveInPieces(bytes: Uint8Array, cuts: readonly number[]): void {
    let at = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      if (cut > at && cut < bytes.length) {
        this.receive(bytes.subarray(at, cut));
        at = cut;
      }
    }
    this.receive(bytes.subarray(at));
  }

  /** Everything that was answered since the last call, as text. */
  said(): string {
    const text = new TextDecoder().decode(this.out.view());
    this.out = new ByteQueue();
    return text;
  }

  /** The same, as bytes. */
  saidBytes(): Uint8Array {
    const bytes = this.out.view().slice();
    this.out = new ByteQueue();
    return bytes;
  }

  /** The peer sends no more. */
  peerEnds(): void {
    this.#session!.ended(this.#unused.length);
    this.#turn?.end();
  }

  /** The connection breaks, unless it is closed already. */
  breaks(reason = "the peer reset the connection"): void {
    if (this.isAborted) return;
    this.#session!.closed(reason);
    this.#turn?.end();
  }

  /** What was answered has left for the peer. */
  drains(): void {
    this.out = new ByteQueue();
    this.#session!.drained();
    this.#turn?.end();
  }

  send(): void {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#isOfferDue = true;
  }

  expect(): void {}

  end(): void {
    this.isEnding = true;
  }

  abort(): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#session?.closed(OUR_CLOSE);
  }

  /** Offers again what a session left when it paused. */
  settle(): void {
    while (this.#isOfferDue) {
      this.#isOfferDue = false;
      this.#offer();
    }
    this.#turn?.end();
  }

  #isOfferDue = false;

  #offer(): void {
    if (this.isPaused || this.isEnding || this.isAborted) return;
    if (this.#unused.length === 0) return;
    // A copy larger than what is filled: a session must mind `length`.
    const buffer = new Uint8Array(this.#unused.length + 8).fill(10);
    buffer.set(this.#unused);
    const used = this.#session!.received(buffer, this.#unused.length);
    this.#unused = this.#unused.slice(used);
  }
}
