/**
 * Restores: what a data node writes when a head makes copies that are lacking.
 *
 * @module
 */

import { LANE_NUMBER_MAX, LANES_MAX } from "../base/limits.ts";
import { assert } from "../base/assert.ts";
import type { Turn } from "../base/ports.ts";
import type { Contents } from "../store/contents.ts";
import type { Disk } from "../store/disk.ts";
import { Journal } from "../store/journal.ts";
import type { Recovery } from "../store/journal_opening.ts";
import type { Loss } from "../store/listing.ts";
import { laneNumbers, laneSegments, mergeLanes } from "../store/lanes.ts";
import { newParsedRecord, parseRecord } from "../store/record.ts";
import { findLineEnd } from "../wire/line.ts";

/** Who asked to restore. */
export interface Restorer {
  /** What came under this ticket is on disk, or, with a reason, is not. */
  restored(ticket: number, failure: string | undefined): void;
}

interface Lane {
  readonly journal: Journal;
  /** Of its last record. */
  tick: number;
  /** Who waits for which commit. */
  waiting: { commit: number; restorer: Restorer; ticket: number }[];
}

/** What restores tell of. */
export interface RestoresEvents {
  /** The disk did not take what was to be written. */
  failed(reason: string): void;
  /** It took something. */
  stored(): void;
  /** Others have taken away what was synced. */
  lost(loss: Loss): void;
}

const record = newParsedRecord();

/**
 * Keeps records of other data nodes, because too few have them. They are
 * written to lanes (lanes.ts), as they are.
 */
export class Restores {
  readonly #disk: Disk;
  readonly #turn: Turn;
  readonly #contents: Contents;
  readonly #events: RestoresEvents;
  /** By their numbers, from 1; some numbers have no lane. */
  readonly #lanes = new Map<number, Lane>();
  #highest = 0;

  constructor(
    disk: Disk,
    turn: Turn,
    contents: Contents,
    events: RestoresEvents,
  ) {
    this.#disk = disk;
    this.#turn = turn;
    this.#contents = contents;
    this.#events = events;
  }

  /** The highest number of a lane. */
  get lanes(): number {
    return this.#highest;
  }

  /** How many bytes are synced, in all lanes together. */
  get end(): number {
    let end = 0;
    for (const { journal } of this.#lanes.values()) end += journal.end;
    return end;
  }

  /** Whether all that was to be restored is on disk, or has failed. */
  get idle(): boolean {
    for (const { journal } of this.#lanes.values()) {
      if (!journal.idle) return false;
    }
    return true;
  }

  /** The lane with this number, from 1. */
  lane(number: number): Journal | undefined {
    return this.#lanes.get(number)?.journal;
  }

  /** The journals of all lanes. */
  get journals(): Journal[] {
    return [...this.#lanes.values()].map(({ journal }) => journal);
  }

  /**
   * Reads what the directory holds.
   *
   * @throws Whatever the disk throws.
   */
  open(): Recovery[] {
    mergeLanes(this.#disk, this.#contents);
    const numbers = new Set([
      ...laneNumbers(this.#disk.list()),
      ...laneNumbers(this.#contents.actives),
    ]);
    const highest = Math.max(0, ...numbers);
    if (highest > LANE_NUMBER_MAX) {
      throw new Error(
        `there is a lane ${highest}; ${LANE_NUMBER_MAX} is the last`,
      );
    }
    const recoveries: Recovery[] = [];
    for (let number = 1; number <= highest; number++) {
      if (numbers.has(number)) recoveries.push(this.#openLane(number));
      // Versions that wrote no contents never took a lane away.
      else if (!this.#contents.isKnown) recoveries.push(this.#missLane(number));
    }
    return recoveries;
  }

  /**
   * Writes the whole lines `bytes[from..to)`, whose ticks rise.
   *
   * @returns Why it cannot; undefined if `restorer.restored` follows.
   */
  restore(
    restorer: Restorer,
    ticket: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): string | undefined {
    const ticks = ticksOf(bytes, from, to);
    if (ticks === undefined) return "what is to be restored is no record";
    const gone = this.#disk.gone();
    if (gone !== undefined) return gone;
    const lane = this.#laneFor(ticks.first);
    if (typeof lane === "string") return lane;
    if (lane.journal.full) return "the disk is behind";
    assert(lane.tick <= ticks.first, "ticks rise within a lane");
    lane.tick = ticks.last;
    lane.waiting.push({
      commit: lane.journal.gatheringCommit,
      restorer,
      ticket,
    });
    lane.journal.appendLines(bytes, from, to);
    return undefined;
  }

  /**
   * A lane whose ticks go on rising when `tick` follows; a new one if need be.
   *
   * @returns The lane, or why there is none.
   */
  #laneFor(tick: number): Lane | string {
    for (const lane of this.#lanes.values()) {
      if (lane.tick <= tick) return lane;
    }
    if (this.#lanes.size >= LANES_MAX) {
      return "there are too many lanes; start it again";
    }
    // Not one that is gone: somebody may still be reading it.
    const number = this.#highest + 1;
    if (number > LANE_NUMBER_MAX) {
      return "its directory has had all the lanes there can be; start the " +
        "dataNode with a new one";
    }
    try {
      this.#openLane(number);
    } catch (error) {
      return error instanceof Error ? error.message : `${error}`;
    }
    // Somebody may have put a file there, and its last tick may be later.
    const lane = this.#lanes.get(number)!;
    return lane.tick <= tick ? lane : this.#laneFor(tick);
  }

  /** Opens a lane that ought to be there. */
  #missLane(number: number): Recovery {
    const { active } = laneSegments(number);
    const listing = this.#contents.listing(active);
    const loss = listing.lossOf("missing", active, 0);
    listing.entries.push(loss);
    const recovery = this.#openLane(number);
    return { ...recovery, losses: [...recovery.losses, loss] };
  }

  #openLane(number: number): Recovery {
    const names = laneSegments(number);
    const journal = new Journal(
      // Appends of one lane do not wait for those of another.
      this.#disk.another(),
      this.#turn,
      {
        committed: (commit, failure) => this.#committed(lane, commit, failure),
        room: () => {},
        sealed: () => this.#contents.changed(),
        lost: (loss) => this.#events.lost(loss),
      },
      { names, listing: this.#contents.listing(names.active) },
    );
    const lane: Lane = { journal, tick: 0, waiting: [] };
    const recovery = journal.open(() => {});
    lane.tick = recovery.tick;
    this.#lanes.set(number, lane);
    this.#highest = Math.max(this.#highest, number);
    return recovery;
  }

  #committed(lane: Lane, commit: number, failure: string | undefined): void {
    if (failure === undefined) this.#events.stored();
    else this.#events.failed(failure);
    const done = lane.waiting.filter((one) => one.commit <= commit);
    lane.waiting = lane.waiting.filter((one) => one.commit > commit);
    for (const { restorer, ticket } of done) restorer.restored(ticket, failure);
  }
}

/** The ticks of whole lines; undefined if one is no record, or too early. */
function ticksOf(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly first: number; readonly last: number } | undefined {
  let first: number | undefined;
  let last = 0;
  for (let at = from; at < to;) {
    const lf = findLineEnd(bytes, at, to);
    if (lf < 0 || !parseRecord(bytes, at, lf, record)) return undefined;
    if (record.tick < last) return undefined;
    first ??= record.tick;
    last = record.tick;
    at = lf + 1;
  }
  return first === undefined ? undefined : { first, last };
}
