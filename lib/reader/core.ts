/**
 * The reader's core, a state machine without I/O.
 *
 * It asks the head which data nodes there are, reads the segments of each
 * through it, piece by piece, and merges them by tick: a record is taken when
 * no stream can still bring one with a lower tick. Memory is bounded by two
 * pieces for each data node, the windows of clients whose messages arrived out
 * of order, and some tens of bytes for every client id that was met.
 *
 * When a connection is lost it goes on where it was, through any head.
 *
 * @module
 */

import { Caller, type CallerPorts } from "../calling/caller.ts";
import { AttentiveClock } from "../liveness/attentive_clock.ts";
import { READ_PIECE_BYTES } from "../base/limits.ts";
import type { Link } from "../base/ports.ts";
import { newParsedRecord, type ParsedRecord } from "../store/record.ts";
import { UselessSession } from "../calling/useless_session.ts";
import { Encoding } from "../wire/greeting.ts";
import {
  type ListedNode,
  type NodesFields,
  NodeState,
  type PieceFields,
} from "../wire/read_frames.ts";
import { ClientOrders } from "./client_orders.ts";
import { Doubts } from "./doubts.ts";
import type { ReaderEvents } from "./events.ts";
import { ReadSession } from "./session.ts";
import type { Source } from "./source.ts";
import { Sources } from "./sources.ts";

/** How a reader is set up. */
export interface ReaderOptions {
  /** Heads to read through, each `host:port`; data nodes join all of them. */
  readonly heads: readonly string[];
  /** Its id, for the head's log. */
  readonly id: string;
  /** Whether to go on with what comes later, without end. */
  readonly follow: boolean;
}

/** What a reader needs from outside. */
export interface ReaderPorts extends CallerPorts {
  readonly events: ReaderEvents;
}

/** Pause before the head is asked again which data nodes there are, in ms. */
const LIST_PAUSE_MS = 1_000;

/** How often a follower looks for messages that are missing, in ms. */
const LACKING_PAUSE_MS = 5_000;

/** Why a peer that is no head is of no use. */
export const KEEPS_NOTHING =
  "it is an original program or a server, which keep nothing that can be " +
  "read back";

/**
 * Reads every message that the data nodes of a head hold: each once, and each
 * client's in its own order.
 */
export class ReaderCore {
  readonly #options: ReaderOptions;
  readonly #clock: AttentiveClock;
  readonly #ports: ReaderPorts;
  readonly #caller: Caller;
  readonly #sources: Sources;
  readonly #orders: ClientOrders;
  readonly #doubts: Doubts;
  #follows: boolean;
  /** Time until the head knows all data nodes that run, as it last said. */
  #settlesInMs = Infinity;
  #forgotten = 0;
  #hasNode = false;
  #lackingAtMs = 0;
  #session: ReadSession | undefined;
  /** Whether a head has told which data nodes there are. */
  #isListed = false;
  #listAtMs = 0;
  #isFinished = false;
  /** The record that is being taken. */
  readonly #line: { bytes: Uint8Array; record: ParsedRecord } = {
    bytes: new Uint8Array(),
    record: newParsedRecord(),
  };

  constructor(options: ReaderOptions, ports: ReaderPorts) {
    this.#options = options;
    this.#follows = options.follow;
    this.#sources = new Sources(options.follow, ports.events);
    this.#doubts = new Doubts(ports.events);
    this.#clock = new AttentiveClock(ports.clock);
    this.#ports = { ...ports, clock: this.#clock };
    this.#orders = new ClientOrders(
      this.#clock,
      (line) => ports.events.message(line),
    );
    this.#caller = new Caller(options.heads, this.#ports, {
      agreed: (link, encoding) => this.#begin(link, encoding),
      lost: (address, reason, nextCallInMs) => {
        this.#session = undefined;
        for (const source of this.#sources.all) source.unasked();
        ports.events.lost(address, reason, nextCallInMs);
      },
    });
  }

  /** Calls the first head. */
  start(): void {
    this.#caller.start();
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tick(): void {
    this.#clock.tick();
    this.#caller.tick();
    const nowMs = this.#ports.clock.nowMs();
    this.#session?.tick(nowMs);
    for (const source of this.#sources.all) {
      if (source.isUnanswered(nowMs)) this.#abandon(source, nowMs);
      this.#leaveOut(source, nowMs);
    }
    if (this.#follows) this.#lookForHoles(nowMs);
    if (this.#session === undefined || this.#isFinished) return;
    if (nowMs >= this.#listAtMs && this.#wantsList()) this.#list(nowMs);
    this.#ask();
  }

  /** Goes on to what is there now, and then ends. */
  stopFollowing(): void {
    this.#follows = false;
    this.#sources.stopFollowing();
    // Data nodes may have come, or come back, since the head told of them.
    this.#isListed = false;
    this.#listAtMs = 0;
    this.#ports.events.ready();
  }

  /** Whether the head may have more to tell of data nodes than it has. */
  #wantsList(): boolean {
    if (!this.#isListed || this.#follows) return true;
    if (this.#settlesInMs > 0 || this.#doubts.isOpen) return true;
    for (const source of this.#sources.all) {
      if (source.isAwaited) return true;
    }
    return false;
  }

  /** Ends the connection. */
  close(): void {
    if (this.#follows) this.#tellLacking();
    this.#caller.stop();
    this.#session?.end();
  }

  /**
   * Takes the messages that are there.
   *
   * @param max About how many; those that waited for the last one come too.
   * @returns Whether there may be more at once.
   */
  take(max: number): boolean {
    for (let taken = 0; taken < max; taken++) {
      const next = this.#nextSource();
      if (next === undefined) {
        this.#ask();
        return false;
      }
      this.#takeRecord(next);
    }
    this.#ask();
    return true;
  }

  #begin(link: Link, encoding: Encoding) {
    const { events } = this.#ports;
    if (encoding !== Encoding.frame) {
      return new UselessSession(link, KEEPS_NOTHING);
    }
    const session = new ReadSession(link, this.#clock, this.#options.id, {
      nodes: (nodes, fields) => this.#listed(nodes, fields),
      missing: (reason) => this.#doubts.tell(reason),
      piece: (id, lane, fields, bytes, from, to) =>
        this.#took(this.#sources.get(id, lane), fields, bytes, from, to),
      unread: (id, lane, isAway, reason) =>
        this.#unread(this.#sources.get(id, lane), isAway, reason),
    });
    this.#session = session;
    events.connected(this.#caller.address);
    this.#list(this.#ports.clock.nowMs());
    return session;
  }

  #list(nowMs: number): void {
    this.#listAtMs = nowMs + LIST_PAUSE_MS;
    this.#session?.list();
  }

  #listed(nodes: readonly ListedNode[], fields: NodesFields): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#settlesInMs = fields.settlesInMs;
    this.#forgotten = fields.forgotten;
    this.#doubts.listed(nodes);
    for (const { id, address, state } of nodes) {
      if (state === NodeState.unreadable) {
        this.#doubts.tellUnreadable(id, address);
        continue;
      }
      if (state === NodeState.repaired && !this.#sources.has(id)) continue;
      this.#hasNode = true;
      const isPresent = state === NodeState.present;
      this.#sources.get(id, 0);
      for (const source of this.#sources.allOf(id)) {
        source.listed(address, isPresent, this.#settlesInMs > 0, nowMs);
        if (state === NodeState.repaired) this.#gone(source);
        this.#leaveOut(source, nowMs);
      }
    }
    if (!this.#follows && !this.#isListed) {
      for (const source of this.#sources.all) source.lookAgain();
    }
    this.#isListed = true;
    this.#ask();
    this.#ports.events.ready();
  }

  /** A data node is gone, and others have what it had. */
  #gone(source: Source): void {
    const { isLeftOut, stream: { isRead } } = source;
    if (this.#follows) source.leaveOut();
    else source.giveUp();
    // A follower finds it in the lanes of those others. A reader with an end
    // may have read these lanes already, before they had it.
    if (this.#follows || isRead || isLeftOut) return;
    this.#doubts.tell(
      `dataNode ${source.label} has gone while it was being read; what it had ` +
        "is elsewhere: read again",
    );
  }

  /** Goes on without a source that has been absent for too long. */
  #leaveOut(source: Source, nowMs: number): void {
    if (!source.isOverdue(nowMs)) return;
    // A follower goes on with it when it returns.
    if (this.#follows) source.leaveOut();
    else source.giveUp();
    // The absence of the data node's segments is told already.
    if (this.#follows && source.lane > 0) return;
    this.#ports.events.missing(source.tellMissing());
    this.#ports.events.ready();
  }

  /** What was told to be missing is read to its end. */
  #found(source: Source): void {
    const told = source.takeTold();
    if (told === undefined) return;
    this.#ports.events.found?.(told);
    this.#ports.events.noticed?.(
      `dataNode ${source.label} is missed no more: what it holds is read`,
    );
  }

  /** A piece has not come: a disk hangs, or a peer does not keep its word. */
  #abandon(source: Source, nowMs: number): void {
    this.#session?.abandon(source.stream.id, source.lane);
    source.failed(false, "it does not answer", nowMs);
  }

  #ask(): void {
    const session = this.#session;
    if (session === undefined) return;
    const nowMs = this.#ports.clock.nowMs();
    for (const source of this.#sources.all) {
      if (!session.hasRoom) return;
      if (!source.isDue(nowMs)) continue;
      const { stream, lane } = source;
      source.asked(nowMs);
      session.read(stream.id, lane, stream.position, READ_PIECE_BYTES);
    }
  }

  #took(
    source: Source,
    fields: PieceFields,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const { position, end, lanes } = fields;
    const nowMs = this.#ports.clock.nowMs();
    if (from === to && position < end) {
      source.failed(false, "its files are shorter than it said", nowMs);
      return;
    }
    source.answered(from === to, nowMs);
    const { stream, lane } = source;
    // A lane that was put together with others is read in a later lane.
    const isMerged = lane > 0 && lanes > lane;
    if (end === 0 && position > 0 && !isMerged) {
      this.#doubts.tell(
        `dataNode ${source.label} has nothing any more of what was being read; ` +
          "what it held is missing",
      );
    }
    if (lane > 0 && this.#follows) {
      // Records that are restored later have old ticks: nobody waits for them.
      fields.tick = Infinity;
    }
    stream.take(fields, bytes, from, to);
    if (stream.isRead || stream.position >= end) this.#found(source);
    // All lanes must be merged before the next record is chosen.
    for (let number = 1; number <= lanes; number++) {
      this.#sources.get(stream.id, number);
    }
    this.#ask();
    this.#ports.events.ready();
  }

  #unread(source: Source, isAway: boolean, reason: string): void {
    source.failed(isAway, reason, this.#ports.clock.nowMs());
  }

  /** The source of the next record, once that is certain. */
  #nextSource(): Source | undefined {
    if (!this.#isListed || this.#isFinished) return undefined;
    const { merge } = this.#sources;
    merge.look();
    if (merge.isOver) this.#finish();
    return merge.next;
  }

  #takeRecord({ stream, address }: Source): void {
    const { id, record, bytes } = stream;
    this.#line.bytes = bytes;
    this.#line.record = record;
    this.#ports.events.copy?.({ id, address }, this.#line);
    this.#doubts.met(id, bytes, record);
    const isCertain = record.tick <= this.#sources.merge.completeTo;
    this.#orders.take(this.#line, isCertain, this.#follows);
    stream.pass();
  }

  /** Waits no longer for what has stayed away, and says what is missing. */
  #lookForHoles(nowMs: number): void {
    this.#orders.passHoles(nowMs);
    if (nowMs < this.#lackingAtMs) return;
    this.#lackingAtMs = nowMs + LACKING_PAUSE_MS;
    this.#tellLacking();
  }

  #tellLacking(): void {
    this.#doubts.tellLacking(this.#orders.all, this.#forgotten);
  }

  /** Everything that is here was taken, unless more data nodes may come. */
  #finish(): void {
    if (this.#settlesInMs > 0 || this.#doubts.isOpen) return;
    this.#isFinished = true;
    this.#orders.end();
    if (!this.#hasNode) {
      this.#doubts.tell("the head knows no dataNode that could be read");
    }
    this.#tellLacking();
    this.#ports.events.finished();
  }
}
