/**
 * The client's core, a state machine without I/O. What was not answered before
 * the connection was lost is sent again under the same sequence, so that the
 * data nodes know it for what they may have.
 *
 * @module
 */

import type { CalledSession } from "../calling/call.ts";
import { Caller } from "../calling/caller.ts";
import { AttentiveClock } from "../liveness/attentive_clock.ts";
import type { Link } from "../base/ports.ts";
import { UselessSession } from "../calling/useless_session.ts";
import { WireError, type WireErrorKind } from "../wire/errors.ts";
import { Encoding, type Properties } from "../wire/greeting.ts";
import type {
  ClientContext,
  ClientOptions,
  ClientPorts,
  PeerSession,
} from "./context.ts";
import type { Answer, PeerRole } from "./events.ts";
import { FramePeerSession } from "./frame_peer_session.ts";
import { TextPeerSession } from "./text_peer_session.ts";
import { Outbox } from "./outbox.ts";
import { whyWrongPeer } from "./wrong_peer.ts";

/** Pause before a message that could not be stored is sent again, in ms. */
const POSTPONE_MS = 500;

/** Takes messages, and sends them to a head or a server until answered. */
export class ClientCore implements ClientContext {
  readonly ports: ClientPorts;
  readonly options: ClientOptions;
  readonly outbox: Outbox = new Outbox();
  after = 0;
  readonly #clock: AttentiveClock;
  readonly #caller: Caller;
  #session: PeerSession | undefined;
  /** Messages to be sent again, and when. */
  readonly #postponed = new Set<number>();
  #postponedUntilMs = 0;
  /** Why nothing more can be stored under this client's id, if so. */
  #reused: string | undefined;
  #wasFull = false;

  constructor(options: ClientOptions, ports: ClientPorts) {
    this.#clock = new AttentiveClock(ports.clock);
    this.ports = { ...ports, clock: this.#clock };
    this.options = options;
    // Each client begins elsewhere, so that all heads have work.
    const first = Math.floor(ports.random() * options.to.length);
    const to = [...options.to.slice(first), ...options.to.slice(0, first)];
    this.#caller = new Caller(to, this.ports, {
      agreed: (link, encoding, properties) =>
        this.#begin(link, encoding, properties),
      lost: (address, reason, nextCallInMs) => {
        this.#session = undefined;
        this.#postponed.clear();
        this.outbox.resendAll();
        ports.events.lost(address, reason, nextCallInMs);
      },
    });
  }

  /** Whether another message can be taken. */
  get hasRoom(): boolean {
    return this.outbox.hasRoom;
  }

  /** Messages that were taken and not answered. */
  get unanswered(): number {
    return this.outbox.length;
  }

  /** Calls the first peer. */
  start(): void {
    this.#caller.start();
  }

  /**
   * Takes a message, of at most `MESSAGE_BYTES_MAX` bytes; there must be
   * room. It leaves with the next {@linkcode pump}.
   *
   * @returns Its sequence.
   */
  add(message: Uint8Array): number {
    const sequence = this.outbox.add(message, 0, message.length);
    if (!this.outbox.hasRoom) this.#wasFull = true;
    return sequence;
  }

  /** Sends what was taken; once for many messages costs least. */
  pump(): void {
    if (this.#reused !== undefined) this.#rejectUnsent(this.#reused);
    this.#session?.pump();
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tick(): void {
    this.#clock.tick();
    const nowMs = this.#clock.nowMs();
    this.#caller.tick();
    this.#session?.tick(nowMs);
    if (this.#postponed.size > 0 && nowMs >= this.#postponedUntilMs) {
      for (const sequence of this.#postponed) this.outbox.resend(sequence);
      this.#postponed.clear();
      this.pump();
    }
  }

  /** Ends the connection and makes no more. */
  close(): void {
    this.#caller.stop();
    this.#session?.end();
  }

  answered(firstSequence: number, count: number, answer: Answer): void {
    const { outbox } = this;
    const end = Math.min(firstSequence + count, outbox.nextSequence);
    let sequence = Math.max(firstSequence, outbox.firstUnanswered);
    while (sequence < end) {
      const first = sequence;
      while (sequence < end && outbox.isUnanswered(sequence)) sequence++;
      if (sequence > first) {
        this.ports.events.answered(first, sequence - first, answer);
        for (let i = first; i < sequence; i++) outbox.answer(i);
      }
      // After a redelivery the same answer can come twice.
      while (sequence < end && !outbox.isUnanswered(sequence)) sequence++;
    }
    this.#tellRoom();
  }

  refused(
    firstSequence: number,
    count: number,
    kind: WireErrorKind,
    reason: string,
  ): void {
    let postponed = 0;
    if (kind === WireError.reused) this.#reused ??= reason;
    if (this.#postponed.size === 0) {
      this.#postponedUntilMs = this.ports.clock.nowMs() + POSTPONE_MS;
    }
    const end = Math.min(firstSequence + count, this.outbox.nextSequence);
    for (
      let sequence = Math.max(firstSequence, this.outbox.firstUnanswered);
      sequence < end;
      sequence++
    ) {
      if (!this.outbox.isUnanswered(sequence)) continue;
      if (kind.retry) {
        this.#postponed.add(sequence);
        postponed++;
      } else {
        this.ports.events.rejected(sequence, kind, reason);
        this.outbox.answer(sequence);
      }
    }
    if (postponed > 0) this.ports.events.postponed(postponed, reason);
    if (this.#reused !== undefined) this.#rejectUnsent(this.#reused);
    this.#tellRoom();
  }

  /**
   * Gives up what was not sent: another head may know less of the id, and take
   * what readers would then drop for the first message of that name.
   */
  #rejectUnsent(reason: string): void {
    const { outbox } = this;
    while (outbox.hasUnsent) {
      const sequence = outbox.take();
      this.ports.events.rejected(sequence, WireError.reused, reason);
      outbox.answer(sequence);
    }
    this.#tellRoom();
  }

  #begin(
    link: Link,
    encoding: Encoding,
    properties: Properties,
  ): CalledSession {
    const address = this.#caller.address;
    const { peer } = this.options;
    const role = roleOf(encoding, properties);
    if (peer !== "auto" && role !== undefined && role !== peer) {
      return new UselessSession(link, whyWrongPeer(peer));
    }
    this.#session = encoding === Encoding.frame
      ? new FramePeerSession(this, link, address)
      : new TextPeerSession(this, link, address, encoding, properties);
    this.pump();
    return this.#session;
  }

  #tellRoom(): void {
    if (!this.#wasFull || !this.outbox.hasRoom) return;
    this.#wasFull = false;
    this.ports.events.room();
  }
}

/** What a peer is, if its answer to the request tells. */
function roleOf(
  encoding: Encoding,
  properties: Properties,
): PeerRole | undefined {
  // Only heads speak frames with clients.
  if (encoding === Encoding.frame) return "head";
  return properties["role"] === "server" ? "server" : undefined;
}
