/**
 * A member: one data node that the head knows, and what is in flight to it.
 *
 * @module
 */

import { assert } from "../../base/assert.ts";
import { STORE_SLOW_MS } from "../../base/limits.ts";
import { Estimate, Lateness } from "../../liveness/estimate.ts";
import type { Pulse } from "../../liveness/pulse.ts";
import type { Link } from "../../base/ports.ts";
import { bytesOf } from "../../base/ascii.ts";
import type { WireErrorKind } from "../../wire/errors.ts";
import { type KnownNode, NO_MESSAGES } from "../../wire/known_nodes.ts";
import type { PieceFields, ReadFields } from "../../wire/read_frames.ts";
import type { Batch, Holder } from "../delivery/batch.ts";
import { Fifo } from "../../base/fifo.ts";

/** Batches placed on one data node and not yet stored; see above. */
const MEMBER_WINDOW_BATCHES = 16_384;

/** How batches are put on a member's connection. */
export interface MemberWire {
  /** Whether the connection takes another batch now. */
  hasRoom(): boolean;
  /** Bytes of the longest message that this connection can take. */
  readonly longestMax: number;
  /** Time to store that is never unusual, in ms, if not STORE_SLOW_MS. */
  readonly slowMsMin?: number;
  /** Time to answer one message before the member is taken for hung, in ms. */
  readonly answerTimeoutMs: number;
  /** Puts a batch on the connection. */
  write(batch: Batch, ticket: number): void;
  /** Whether its process is there; undefined when it answers no beats. */
  readonly pulse?: Pulse;
  /** Asks for a piece of its segments; undefined when it has none to read. */
  readonly read?: (request: ReadFields, sink: PieceSink) => void;
  /** Has it keep whole records, whose ticks rise; undefined when it cannot. */
  readonly restore?: (
    lines: Uint8Array,
    done: (failure: string | undefined) => void,
  ) => void;
  /** Longest records that it can be given to keep, in bytes. */
  readonly restoreBytesMax?: number;
  /** Tells it what is known of data nodes; undefined when it does not listen. */
  readonly tell?: (nodes: readonly KnownNode[]) => void;
  /** Tells it that what it said so many times to be damaged is elsewhere. */
  readonly heal?: (damages: number) => void;
  /** Asks what it knows of a client; undefined when it does not tell. */
  readonly recall?:
    | ((
      clientId: Uint8Array,
      firstSequence: number,
      count: number,
      done: (answer: Recalled | undefined) => void,
    ) => void)
    | undefined;
}

/** What a member knows of a client; the bytes are valid during the call. */
export interface Recalled {
  /** Every sequence below was answered; 0 if it knows nothing of the client. */
  readonly floor: number;
  /** Past the highest sequence that it has heard of. */
  readonly end: number;
  /** Prints of the messages asked about, `bytes[from..to)`. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Who takes what is read from a member. */
export interface PieceSink {
  /** The member's answer to a request, the `piece` frame `bytes[from..to)`. */
  piece(
    ticket: number,
    fields: PieceFields,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void;
  /** There is no piece, and why. */
  unread(ticket: number, kind: WireErrorKind, reason: string): void;
}

/** First rest of a member that refused a batch, in ms; doubles each time. */
const REST_MS_MIN = 250;

/** Rest that only one gets that has refused three times in a row, in ms. */
const FAILING_REST_MS = 1_000;

/** Longest rest: a disk that has room again is used again this soon, in ms. */
const REST_MS_MAX = 15_000;

/** The number of the member that came last. */
let lastNumber = 0;

/** One data node, from when it joins until its connection ends. */
export class Member implements Holder {
  /** Later members have higher ones. */
  readonly number: number = ++lastNumber;
  /** Eight characters, the same for as long as its directory lives. */
  readonly id: string;
  /** The id as bytes of ASCII. */
  readonly idBytes: Uint8Array;
  /** Its connection. */
  readonly link: Link;
  /** Its address, and the same as receipts carry it. */
  readonly address: string;
  readonly addressBytes: Uint8Array;
  /** `address (id)`, for logs. */
  readonly label: string;
  /** Whether it asked for no more messages. */
  draining = false;
  /** Whether its connection is over; it is chosen no more. */
  left = false;
  /** Since when it has been suspect, and is not chosen; undefined if not. */
  suspectSinceMs: number | undefined;
  /** When it was last trusted again. */
  trustedMs = -Infinity;
  /** Stands for one start of its process. */
  readonly life: string;
  /**
   * The fewest disks that a message on it was on when it was acknowledged, of
   * those since the last pass of repair (roster.ts).
   */
  copies = NO_MESSAGES;
  /** Bytes that it has synced. */
  end: number;
  /** Bytes that could be read when it joined, though some may be on no disk. */
  readonly readableEnd: number;
  /** Whether it said that it had nothing when it joined. */
  readonly wasEmpty: boolean;
  /** Whether it says how many bytes it has; one before 0.2 does not. */
  readonly saysEnd: boolean;
  /** How often it has said that records of its own are damaged. */
  damages = 0;
  /** Whether it has told what it knows of other data nodes. */
  hasToldRoster = false;
  /** Whether it was ever given a message. */
  wasGiven = false;
  /** Why it cannot store now, as it says itself or as was seen. */
  unwell: string | undefined;

  readonly #wire: MemberWire;
  readonly #windowBytes: number;
  /** Batches placed and not answered, oldest first. */
  readonly #inFlight = new Fifo<Batch>();
  /** How many of them, from the oldest, are on the connection. */
  #sent = 0;
  /** Ticket of the oldest. */
  #firstTicket = 1;
  #load = 0;
  /** Since when the oldest has been waited for. */
  #waitingSinceMs = 0;
  #restUntilMs = 0;
  #restMs = 0;
  /** How long it takes to store. */
  readonly #usual = new Estimate();
  readonly #lateness = new Lateness();

  /**
   * @param windowBytes What may be in flight to it counts for at most.
   * @param life Stands for one start of its process.
   * @param end Bytes that it has synced, if it says so.
   * @param lanes Of restored records that it has beside them.
   * @param unsureBytes Of these bytes, how many may be on no disk.
   */
  constructor(
    id: string,
    link: Link,
    wire: MemberWire,
    windowBytes: number,
    life = "",
    end?: number,
    lanes = 0,
    unsureBytes = 0,
  ) {
    this.life = life;
    this.readableEnd = end ?? 0;
    this.end = Math.max(0, this.readableEnd - unsureBytes);
    this.saysEnd = end !== undefined;
    this.wasEmpty = end === 0 && lanes === 0;
    this.#windowBytes = windowBytes;
    this.id = id;
    this.idBytes = bytesOf(id);
    this.link = link;
    this.address = link.peerAddress;
    this.addressBytes = bytesOf(this.address);
    this.label = `${this.address} (${id})`;
    this.#wire = wire;
  }

  /** What is placed on it and not answered counts for so many bytes. */
  get load(): number {
    return this.#load;
  }

  /** Batches placed and not answered. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Ticket of the oldest batch that was not answered. */
  get firstTicket(): number {
    return this.#firstTicket;
  }

  /** How many batches were sent and not answered. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether its process is there; undefined when it answers no beats. */
  get pulse(): Pulse | undefined {
    return this.#wire.pulse;
  }

  /** How long its next answer has been waited for, in ms. */
  waitedMs(nowMs: number): number {
    return this.#sent === 0 ? 0 : nowMs - this.#waitingSinceMs;
  }

  /** Whether its next answer has been waited for too long. */
  isHung(nowMs: number): boolean {
    return this.waitedMs(nowMs) > this.#wire.answerTimeoutMs;
  }

  /** Whether it takes unusually long to store, though not too long yet. */
  isSlow(nowMs: number): boolean {
    const { slowMsMin = STORE_SLOW_MS } = this.#wire;
    return this.waitedMs(nowMs) > Math.max(slowMsMin, 2 * this.#usual.boundMs);
  }

  /** An answer came, before it is acted on. */
  answered(nowMs: number): void {
    // What it was given before or while it was a suspect tells of that.
    const isLate = this.suspectSinceMs !== undefined ||
      this.#waitingSinceMs < this.trustedMs || this.isSlow(nowMs);
    if (!isLate) this.#lateness.inTime();
    if (!isLate || this.#lateness.isTheRule()) {
      this.#usual.add(this.waitedMs(nowMs));
    }
    this.pulse?.answered(nowMs);
  }

  /** It has answered, though not yet for a whole batch. */
  progressed(nowMs: number): void {
    this.#waitingSinceMs = nowMs;
  }

  /** Whether a batch can be placed on it now. */
  accepts(batch: Batch, nowMs: number): boolean {
    return !this.left && !this.draining && !this.rests(nowMs) &&
      this.suspectSinceMs === undefined &&
      this.#load < this.#windowBytes &&
      this.#inFlight.length < this.#batchesMax && this.takes(batch);
  }

  /**
   * Batches placed on it at once: one, when it stores them one after another.
   * What would wait behind another there waits for whoever is free first.
   */
  get #batchesMax(): number {
    return this.isShared ? MEMBER_WINDOW_BATCHES : 1;
  }

  /**
   * Whether what is sent to it together shares a sync: text data nodes, which
   * have no pulse, get one message at a time.
   */
  get isShared(): boolean {
    return this.#wire.pulse !== undefined;
  }

  /** Whether its segments can be read. */
  get isReadable(): boolean {
    return this.#wire.read !== undefined;
  }

  /** Asks for a piece of its segments, which must be readable. */
  read(request: ReadFields, sink: PieceSink): void {
    this.#wire.read?.(request, sink);
  }

  /**
   * Has it keep whole records as they are; it must be readable.
   *
   * @param done Is told once: they are synced, or why they may not be.
   */
  restore(
    lines: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    this.#wire.restore?.(lines, done);
  }

  /** Longest records that it can be given to keep, in bytes. */
  get restoreBytesMax(): number {
    return this.#wire.restoreBytesMax ?? 0;
  }

  /** Tells it what is known of data nodes, if it listens. */
  tell(nodes: readonly KnownNode[]): void {
    this.#wire.tell?.(nodes);
  }

  /**
   * Tells it that what it said to be damaged is elsewhere, if it listens.
   *
   * @param damages What {@linkcode damages} was when that was looked for.
   */
  heal(damages: number): void {
    this.#wire.heal?.(damages);
  }

  /** Whether it tells what it knows of a client. */
  get isRecaller(): boolean {
    return this.#wire.recall !== undefined;
  }

  /**
   * Asks what it knows of a client.
   *
   * @param done Is told once; undefined if it leaves first.
   */
  recall(
    clientId: Uint8Array,
    firstSequence: number,
    count: number,
    done: (answer: Recalled | undefined) => void,
  ): void {
    this.#wire.recall?.(clientId, firstSequence, count, done);
  }

  /** Whether a batch can ever be placed on it. */
  takes(batch: Batch): boolean {
    return batch.longest <= this.#wire.longestMax;
  }

  /** Places a batch. */
  place(batch: Batch, nowMs: number): void {
    batch.references++;
    this.wasGiven = true;
    this.#inFlight.push(batch);
    this.#load += batch.cost;
    this.pump(nowMs);
  }

  /** The batches in flight to it, the oldest first. */
  *batches(): Iterable<Batch> {
    for (let i = 0; i < this.#inFlight.length; i++) yield this.#inFlight.at(i)!;
  }

  /** Puts on the connection what it has room for. */
  pump(nowMs: number): void {
    while (this.#sent < this.#inFlight.length && this.#wire.hasRoom()) {
      const batch = this.#inFlight.at(this.#sent)!;
      this.#wire.write(batch, this.#firstTicket + this.#sent);
      if (this.#sent === 0) this.#waitingSinceMs = nowMs;
      this.#sent++;
    }
  }

  /**
   * Takes the oldest batch off, because it was answered or because the member
   * is gone; undefined when nothing is in flight. The caller now holds its
   * reference.
   */
  shift(nowMs: number): Batch | undefined {
    const batch = this.#inFlight.shift();
    if (batch === undefined) return undefined;
    this.#load -= batch.cost;
    assert(this.#load >= 0, "a member answered for more than it was given");
    this.#firstTicket++;
    if (this.#sent > 0) this.#sent--;
    this.#waitingSinceMs = nowMs;
    return batch;
  }

  /** It could not store: place nothing on it for a while. */
  rest(nowMs: number): void {
    this.#restMs = Math.min(
      REST_MS_MAX,
      this.#restMs === 0 ? REST_MS_MIN : this.#restMs * 2,
    );
    this.#restUntilMs = nowMs + this.#restMs;
  }

  /**
   * Whether it has refused again and again: no copies are to be waited for that
   * only it could make.
   */
  get isFailing(): boolean {
    return this.#restMs >= FAILING_REST_MS;
  }

  /** Whether it refused a short while ago. */
  rests(nowMs: number): boolean {
    return nowMs < this.#restUntilMs;
  }

  /** It stored: the next rest is short again. */
  rested(): void {
    this.#restMs = 0;
    this.#restUntilMs = 0;
    this.unwell = undefined;
  }
}
