/**
 * The core of a data node, a state machine without I/O. What happens when
 * something fails:
 * - a head is absent or goes away: it is called again and again, the others
 *   are served meanwhile;
 * - the disk fails: what could not be synced is answered as not stored, and
 *   the journal begins a new segment;
 * - the disk is slow: commits grow, up to a bound, then heads are not read;
 * - others touch the files: what they took away is damage, which heads are told
 *   of; when the whole directory is gone, nothing is stored.
 *
 * @module
 */

import { Caller } from "../calling/caller.ts";
import { AttentiveClock } from "../liveness/attentive_clock.ts";
import { randomName } from "../base/random_names.ts";
import { GATHER_BYTES_MAX, MESSAGE_BYTES_MAX } from "../base/limits.ts";
import type { Link } from "../base/ports.ts";
import { Contents } from "../store/contents.ts";
import type { Loss } from "../store/listing.ts";
import { ESCAPED_BYTES_MAX, unescapeInto } from "../wire/escape.ts";
import { Journal } from "../store/journal.ts";
import type { Recovery } from "../store/journal_opening.ts";
import { PerCommit } from "../store/per_commit.ts";
import type { BatchHeader } from "../store/record.ts";
import { dataSegments } from "../store/segments.ts";
import { bytesOf } from "../base/ascii.ts";
import type { KnownNode } from "../wire/known_nodes.ts";
import { Encoding, type Properties } from "../wire/greeting.ts";
import { isLeap } from "../wire/leap.ts";
import type { DataContext, DataPorts, HeadSession } from "./context.ts";
import { DiskWatch } from "./disk_watch.ts";
import { Holdings } from "./holdings.ts";
import { Peers } from "./peers.ts";
import { Reads } from "./reads.ts";
import { Restores } from "./restores.ts";
import { Scrub } from "./scrub.ts";
import { Seen } from "./seen.ts";
import { FrameHeadSession } from "./frame_head_session.ts";
import { TextHeadSession } from "./text_head_session.ts";

/** How a data node is set up. */
export interface DataOptions {
  /** Its id, the same for as long as its directory lives. */
  readonly nodeId: string;
  /** Every head to join, each `host:port`. */
  readonly heads: readonly string[];
  /** From one scrub to the next, in ms; Infinity: none. */
  readonly scrubIntervalMs: number;
}

/** Length of the name that stands for one start of the process. */
const LIFE_LENGTH = 8;

/**
 * A data node: it calls every head, writes what they send to its journal, and
 * answers once that is synced.
 */
export class DataCore implements DataContext {
  readonly ports: DataPorts;
  readonly nodeId: string;
  readonly nodeIdBytes: Uint8Array;
  readonly life: string;
  readonly journal: Journal;
  readonly restores: Restores;
  readonly reads: Reads;
  readonly seen: Seen = new Seen();
  readonly peers: Peers;
  readonly #contents: Contents;
  readonly #holdings: Holdings;
  readonly #watch: DiskWatch;
  readonly #clock: AttentiveClock;
  readonly #scrub: Scrub;
  readonly #callers: readonly Caller[];
  readonly #sessions = new Set<HeadSession>();
  /** Sessions that wait for a commit. */
  readonly #waiting = new PerCommit<Set<HeadSession>>(
    () => new Set(),
    (sessions) => sessions.clear(),
  );
  readonly #blocked = new Set<HeadSession>();
  #tick = 0;
  #draining = false;
  constructor(options: DataOptions, ports: DataPorts) {
    this.#clock = new AttentiveClock(ports.clock);
    this.ports = { ...ports, clock: this.#clock };
    this.nodeId = options.nodeId;
    this.nodeIdBytes = bytesOf(options.nodeId);
    this.life = randomName(ports.strongRandom, LIFE_LENGTH);
    this.#contents = new Contents(ports.disk, this.#clock);
    this.#watch = new DiskWatch(ports.disk, this.#contents, this.#clock, {
      journals: () => this.#holdings.journals,
      failed: (reason, wasAsked) => ports.events.diskFailed(reason, wasAsked),
      unwell: (reason) => {
        for (const session of this.#sessions) session.unwell(reason);
      },
      gone: () => this.#damaged(),
    });
    const lost = (loss: Loss) => this.#lost(loss);
    this.journal = new Journal(ports.disk, ports.turn, {
      committed: (commit, failure) => this.#committed(commit, failure),
      room: () => this.#unblock(),
      sealed: (name, reason) => {
        this.#contents.changed();
        ports.events.sealed(name, reason);
      },
      lost,
    }, {
      capacityKept: GATHER_BYTES_MAX,
      listing: this.#contents.listing(dataSegments.active),
    });
    this.restores = new Restores(ports.disk, ports.turn, this.#contents, {
      failed: (reason) => this.#watch.failed(reason),
      stored: () => this.#watch.stored(),
      lost,
    });
    this.#holdings = new Holdings(
      ports.disk,
      this.#contents,
      this.journal,
      this.restores,
    );
    this.peers = new Peers(
      options.nodeId,
      ports.disk,
      this.#clock,
      this.#sessions,
    );
    this.reads = new Reads(this.journal, this.restores);
    const { restores } = this;
    this.#scrub = new Scrub(options.scrubIntervalMs, this.#clock, ports.disk, {
      journal: (lane) => lane === 0 ? this.journal : restores.lane(lane),
      get lanes() {
        return restores.lanes;
      },
      damaged: (found) => {
        ports.events.damaged(found);
        this.#damaged();
      },
      scrubbed: (...found) => ports.events.scrubbed(...found),
    });
    this.#callers = options.heads.map((address) =>
      new Caller([address], this.ports, {
        agreed: (link, encoding, granted) =>
          this.#join(address, link, encoding, granted),
        lost: (address, reason, nextCallInMs) => {
          if (this.#draining) return;
          ports.events.headLost(address, reason, nextCallInMs);
        },
      })
    );
  }

  get tick(): number {
    return this.#tick;
  }

  get end(): number {
    return this.#holdings.end;
  }

  get unsureBytes(): number {
    return this.#holdings.unsureBytes;
  }

  get isDamaged(): boolean {
    return this.#holdings.isDamaged;
  }

  /** See {@linkcode Holdings.losses}. */
  get losses(): readonly Loss[] {
    return this.#holdings.losses;
  }

  /** See {@linkcode Holdings.lostBytes}. */
  get lostBytes(): number {
    return this.#holdings.lostBytes;
  }

  /** See {@linkcode DiskWatch.failing}. */
  get failing(): string | undefined {
    return this.#watch.failing;
  }

  /** Heads joined now. */
  get heads(): number {
    return this.#sessions.size;
  }

  /** Whether all that was received is on disk. */
  get stored(): boolean {
    return this.#holdings.isStored;
  }

  /** Whether that is so, and after a drain no more can come. */
  get idle(): boolean {
    for (const session of this.#sessions) if (!session.isDrained) return false;
    return this.stored;
  }

  /**
   * Reads what the directory holds; to be called once, before
   * {@linkcode start}.
   *
   * @throws Whatever the disk throws.
   */
  open(): Recovery {
    const message = new Uint8Array(MESSAGE_BYTES_MAX * ESCAPED_BYTES_MAX);
    const recovery = this.#holdings.open((bytes, record, isSure) => {
      const { clientStart, clientEnd, floor, sequence, tick } = record;
      // An older version may have believed anybody's time, and kept it.
      if (!isLeap(tick, this.#tick)) this.witness(tick);
      if (!isSure) return;
      const { payloadStart, payloadEnd } = record;
      const clientId = bytes.subarray(clientStart, clientEnd);
      const end = Math.min(
        message.length,
        unescapeInto(message, 0, bytes, payloadStart, payloadEnd),
      );
      this.seen.addStored(clientId, floor, sequence, message, 0, end);
    });
    this.#scrub.open();
    const unread = this.peers.open();
    if (unread !== undefined) this.ports.events.peersUnread(unread);
    this.#compareEnds();
    this.#watch.doubt(recovery.doubt);
    return recovery;
  }

  /**
   * What is lost or damaged here was found elsewhere, all of it: a head says so
   * once it has read everything and made the copies that lacked.
   */
  healed(): void {
    this.#holdings.healed();
  }

  /** See {@linkcode Holdings.noteEnd}. */
  noteEnd(): void {
    this.#holdings.noteEnd();
  }

  /** Calls the heads. */
  start(): void {
    for (const caller of this.#callers) caller.start();
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tickClock(): void {
    this.#clock.tick();
    for (const caller of this.#callers) caller.tick();
    const nowMs = this.#clock.nowMs();
    for (const session of [...this.#sessions]) session.tick(nowMs);
    this.peers.tick();
    if (!this.#draining) this.#scrub.tick();
    this.reads.tick(nowMs);
    this.#watch.tick(nowMs);
    this.#contents.tick(nowMs);
  }

  /**
   * Asks every head for no more messages. When {@linkcode idle}, it is time to
   * {@linkcode close}.
   */
  drain(): void {
    this.#draining = true;
    for (const caller of this.#callers) caller.stop();
    for (const session of this.#sessions) session.drain();
  }

  /** Closes every connection, after what was written to it. */
  close(): void {
    this.peers.save();
    for (const session of [...this.#sessions]) session.end();
  }

  told(nodes: readonly KnownNode[], by: HeadSession): void {
    this.peers.merge(nodes, by);
    this.#compareEnds();
  }

  /**
   * Whoever has fewer bytes than others remember has lost some: a copy of the
   * directory was put back that is older than they are.
   */
  #compareEnds(): void {
    const lost = this.peers.ownEnd - this.end;
    if (lost <= 0 || this.isDamaged) return;
    this.ports.events.outrun(lost);
    this.#damaged();
  }

  advance(tick: number): number {
    const next = Math.max(this.#tick, tick) + 1;
    // Past what a record can hold, order is given up before readability.
    this.#tick = Math.min(next, Number.MAX_SAFE_INTEGER);
    return this.#tick;
  }

  witness(tick: number): void {
    this.#tick = Math.max(this.#tick, tick);
  }

  append(
    session: HeadSession,
    header: BatchHeader,
    messages: Uint8Array,
    from: number,
    count: number,
  ): number {
    const commit = this.journal.gatheringCommit;
    const prints = this.journal.append(header, messages, from, count);
    const { clientId, floor, firstSequence } = header;
    this.seen.add(clientId, floor, firstSequence, count, commit, prints);
    this.#waiting.at(commit).add(session);
    this.ports.events.appended(header, messages, from, count, commit);
    return commit;
  }

  waitFor(session: HeadSession, commit: number): void {
    this.#waiting.at(commit).add(session);
  }

  block(session: HeadSession): void {
    this.#blocked.add(session);
  }

  #join(
    address: string,
    link: Link,
    encoding: Encoding,
    granted: Properties,
  ): HeadSession {
    const leave = (session: HeadSession) => {
      this.#sessions.delete(session);
      for (const sessions of this.#waiting.both) sessions.delete(session);
      this.#blocked.delete(session);
    };
    const { events } = this.ports;
    const joined = () => events.headJoined(address, encoding);
    const session = encoding === Encoding.frame
      ? new FrameHeadSession(this, link, granted, {
        joined,
        twinMet: (reason, life) => events.twinMet(address, reason, life),
        left: leave,
      })
      : new TextHeadSession(this, link, encoding, leave);
    this.#sessions.add(session);
    const { failing } = this;
    if (failing !== undefined) session.unwell(failing);
    if (encoding !== Encoding.frame) joined();
    if (this.#draining) session.end();
    return session;
  }

  /** Others have taken away what was stored. */
  #lost(loss: Loss): void {
    // What is sent again must not be taken for stored.
    this.seen.clear();
    this.#contents.note();
    this.ports.events.lost(loss);
    this.#damaged();
  }

  #damaged(): void {
    this.#holdings.damaged();
    for (const session of this.#sessions) session.damaged();
  }

  #committed(commit: number, failure: string | undefined): void {
    if (failure === undefined) this.seen.keep(commit);
    else this.seen.forget(commit);
    this.ports.events.committed(commit, failure);
    for (const session of this.#waiting.at(commit)) {
      session.committed(commit, failure);
    }
    this.#waiting.done(commit);
    // After the answers: whom one was refused to knows already.
    if (failure === undefined) this.#watch.stored();
    else this.#watch.failed(failure);
  }

  /** Sessions read again, now that the journal takes records. */
  #unblock(): void {
    if (this.#blocked.size === 0) return;
    const blocked = [...this.#blocked];
    this.#blocked.clear();
    for (const session of blocked) session.unblocked();
  }
}
