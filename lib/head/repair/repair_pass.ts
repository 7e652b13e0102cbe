/**
 * Passes of repair.
 *
 * Nothing is kept between passes: what an earlier one restored is found in
 * place, so a pass that was broken off is simply done again. A record that is
 * judged before all its copies were met gets a copy too many, which harms
 * nobody, since readers take every id once; it never gets one too few. That
 * ends, because a copy has the tick of the record that it was made of, and the
 * records of one tick are judged together: the next pass finds enough of both.
 *
 * @module
 */

import { Fifo } from "../../base/fifo.ts";
import { Merge, type MergeSource } from "../../store/merge.ts";
import { RecordStream } from "../../store/record_stream.ts";
import { TICK_MS } from "../../base/limits.ts";
import { nameOf } from "../../base/names.ts";
import type { PieceFields } from "../../wire/read_frames.ts";
import { type Copied, Copies, type CopiesHost } from "./copies.ts";
import type { Member, PieceSink } from "../members/member.ts";

/**
 * Bytes read at a time: some hundred small records, which take about a
 * millisecond, so that live messages do not wait for longer.
 */
const PIECE_BYTES = 64 * 1024;

/** What records that are not judged yet count for, by default, in bytes. */
const UNJUDGED_BYTES_MAX = 32 * 1024 * 1024;

/** What one of them counts for beside its line, in bytes. */
const UNJUDGED_OVERHEAD_BYTES = 256;

/** Bytes on their way to be restored, past which nothing more is judged. */
const IN_FLIGHT_BYTES_MAX = 1024 * 1024;

/**
 * Records taken in one turn, so that live traffic does not wait for long; more
 * where a higher rate than the default is asked for.
 */
const RECORDS_PER_TICK = 2_048;

/** A record is hardly ever shorter than this, in bytes. */
const RECORD_BYTES_MIN = 80;

/**
 * Time for a data node to answer, in ms, after which a pass goes on without it:
 * a disk that hangs for longer is given up by whoever stores as well.
 */
const ANSWER_MS_MAX = 30_000;

/** Time for a data node to answer, in the ticks that a pass counts. */
const ANSWER_TICKS_MAX = ANSWER_MS_MAX / TICK_MS;

const MUTE = `it has not answered for ${ANSWER_MS_MAX / 1000} s`;

/** What a pass has done so far. */
export interface RepairProgress {
  readonly bytesRead: number;
  /** To be read in all, as far as it is known. */
  readonly bytesToRead: number;
  /** Records that had too few copies. */
  readonly lacking: number;
  /** Copies that were made and synced. */
  readonly restored: number;
  /** Records that still have too few, for want of data nodes to keep them. */
  readonly unplaced: number;
}

/** How a pass is set up. */
export interface PassOptions {
  /** Copies that each record should have. */
  readonly replicas: number;
  /** What records that are not judged yet may count for, in bytes. */
  readonly unjudgedBytesMax?: number | undefined;
}

/** One stream of records of a data node: its segments, or a lane. */
interface PassSource extends MergeSource {
  readonly member: Member;
  /** For how many ticks it has been asked for a piece; -1 when it is not. */
  askedTicks: number;
  /** How many bytes it has. */
  end: number;
  /** Of segments: whether it is known which lanes there are beside them. */
  knowsLanes: boolean;
}

/** A record, and who was seen to have it. */
interface Unjudged extends Copied {
  /** Where it was met first. */
  readonly tick: number;
}

/** Why a pass must be done again, and without whom. */
export interface PassFailure {
  readonly reason: string;
  /** Who is to blame; undefined if it has only left. */
  readonly culprit: Member | undefined;
}

/**
 * A pass of repair: reads all data nodes once, merged by tick as a reader does,
 * counts which of them have each record, and has more of them keep those that
 * too few have.
 */
export class RepairPass implements PieceSink {
  readonly #replicas: number;
  readonly #unjudgedBytesMax: number;
  readonly #copies: Copies;
  /** Those that are read, and how often they had said to be damaged. */
  readonly members: ReadonlyMap<Member, number>;
  readonly #merge = new Merge<PassSource>();
  /** By message id. */
  readonly #unjudged = new Map<string, Unjudged>();
  /** All that are not judged, the earliest met first. */
  readonly #order = new Fifo<Unjudged>();
  #unjudgedBytes = 0;
  #budgetBytes = 0;
  #bytesRead = 0;
  #lacking = 0;
  /** Stretches that hold no record, as `node/lane@position`, and whose. */
  readonly damages = new Map<string, string>();
  #recordsPerTick = RECORDS_PER_TICK;
  #failure: PassFailure | undefined;
  #isRead = false;

  /** @param members Those to read; all of them readable. */
  constructor(
    members: readonly Member[],
    { replicas, unjudgedBytesMax = UNJUDGED_BYTES_MAX }: PassOptions,
    host: CopiesHost,
  ) {
    this.#replicas = replicas;
    this.#unjudgedBytesMax = unjudgedBytesMax;
    this.#copies = new Copies(host, (member) => this.#lost(member));
    this.members = new Map(
      members.map((member) => [member, member.damages]),
    );
    for (const member of members) this.#addSource(member, 0);
  }

  get progress(): RepairProgress {
    return {
      bytesRead: this.#bytesRead,
      bytesToRead: this.#merge.sources.reduce((sum, { end }) => sum + end, 0),
      lacking: this.#lacking,
      restored: this.#copies.made,
      unplaced: this.#copies.unplaced,
    };
  }

  /** Why the pass must be done again, if it must. */
  get failure(): PassFailure | undefined {
    return this.#failure;
  }

  /** Whether all is read, and what was lacking is restored. */
  get isDone(): boolean {
    return this.#isRead && this.#copies.inFlightBytes === 0;
  }

  /** Goes on; at most so many bytes more are asked for. */
  go(bytes: number): void {
    this.#recordsPerTick = Math.max(RECORDS_PER_TICK, bytes / RECORD_BYTES_MIN);
    // A budget that is not used lasts a tick or two, or it would make a burst.
    this.#budgetBytes = Math.min(
      this.#budgetBytes + bytes,
      2 * bytes + PIECE_BYTES,
    );
    for (const source of this.#merge.sources) {
      const { member } = source;
      if (member.left) this.#lost(member);
      if (source.askedTicks < 0) continue;
      if (++source.askedTicks > ANSWER_TICKS_MAX) this.#blame(member, MUTE);
    }
    const mute = this.#copies.tick(ANSWER_TICKS_MAX);
    if (mute !== undefined) this.#blame(mute, MUTE);
    if (this.#failure !== undefined) return;
    this.#judgeSome();
    this.#ask();
  }

  piece(
    index: number,
    fields: PieceFields,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const source = this.#merge.sources[index]!;
    source.askedTicks = -1;
    if (from === to && fields.position < fields.end) {
      this.#blame(source.member, "its files are shorter than it says");
      return;
    }
    source.end = fields.end;
    source.stream.take(fields, bytes, from, to);
    this.#bytesRead += to - from;
    this.#budgetBytes += PIECE_BYTES - (to - from);
    if (source.lane > 0 || source.knowsLanes) return;
    // Lanes that later pieces tell of hold what this pass has restored.
    source.knowsLanes = true;
    for (let lane = 1; lane <= fields.lanes; lane++) {
      this.#addSource(source.member, lane);
    }
  }

  unread(index: number, _kind: unknown, reason: string): void {
    const source = this.#merge.sources[index]!;
    source.askedTicks = -1;
    if (source.member.left) this.#fail(reason);
    else this.#blame(source.member, reason);
  }

  #addSource(member: Member, lane: number): void {
    const damaged = (position: number) =>
      void this.damages.set(`${member.id}/${lane}@${position}`, member.id);
    const stream = new RecordStream(member.id, false, damaged);
    this.#merge.add({
      member,
      lane,
      stream,
      // A pass without one of them finds too few copies.
      isLeftOut: false,
      askedTicks: -1,
      end: 0,
      knowsLanes: false,
    });
  }

  #fail(reason: string, culprit?: Member): void {
    this.#failure ??= { reason, culprit };
    this.#copies.stop();
  }

  #lost({ label }: Member): void {
    this.#fail(`dataNode ${label} left`);
  }

  #blame(member: Member, reason: string): void {
    this.#fail(`dataNode ${member.label} cannot be read: ${reason}`, member);
  }

  #ask(): void {
    for (const [ticket, source] of this.#merge.sources.entries()) {
      if (this.#budgetBytes < PIECE_BYTES) return;
      const { member, lane, stream } = source;
      if (source.askedTicks >= 0 || !stream.wants) continue;
      source.askedTicks = 0;
      this.#budgetBytes -= PIECE_BYTES;
      const { position } = stream;
      const bytesMax = PIECE_BYTES;
      member.read({ ticket, position, bytesMax, tick: 0, lane }, this);
    }
  }

  #judgeSome(): void {
    for (let i = 0; i < this.#recordsPerTick; i++) {
      if (this.#isRead || this.#copies.inFlightBytes > IN_FLIGHT_BYTES_MAX) {
        break;
      }
      this.#merge.look();
      const { next, isOver } = this.#merge;
      if (isOver) {
        this.#isRead = true;
        this.#judgeDownTo(0, Infinity);
      } else if (next !== undefined) {
        const { tick } = next.stream.record;
        this.#judgeDownTo(this.#unjudgedBytesMax, tick);
        this.#meet(next);
      } else break;
    }
    this.#copies.flush();
  }

  /** Notes that a data node has the record in front of a source. */
  #meet({ member, stream }: PassSource): void {
    const { bytes, record } = stream;
    const client = nameOf(bytes, record.clientStart, record.clientEnd);
    const key = `${client}-${record.sequence}`;
    const known = this.#unjudged.get(key);
    if (known === undefined) {
      const line = bytes.slice(record.start, record.payloadEnd);
      const { tick } = record;
      const unjudged = { id: key, tick, line, holders: [member.id] };
      this.#unjudged.set(key, unjudged);
      this.#order.push(unjudged);
      this.#unjudgedBytes += line.length + UNJUDGED_OVERHEAD_BYTES;
    } else if (!known.holders.includes(member.id)) {
      known.holders.push(member.id);
    }
    stream.pass();
  }

  /**
   * Judges those that were met first, until the others fit, however many bytes
   * those of the tick that is being read are.
   */
  #judgeDownTo(bytesMax: number, tickReached: number): void {
    while (this.#unjudgedBytes > bytesMax) {
      const unjudged = this.#order.at(0);
      if (unjudged === undefined || unjudged.tick >= tickReached) return;
      this.#order.shift();
      this.#unjudged.delete(unjudged.id);
      this.#unjudgedBytes -= unjudged.line.length + UNJUDGED_OVERHEAD_BYTES;
      this.#judge(unjudged);
    }
  }

  #judge(unjudged: Unjudged): void {
    const missing = this.#replicas - unjudged.holders.length;
    if (missing <= 0) return;
    this.#lacking++;
    this.#copies.place(unjudged, missing);
  }
}
