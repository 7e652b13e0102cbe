/**
 * Restores: records of other data nodes that this one is to keep, because too
 * few have them. They are written to lanes (lanes.ts), as they are.
 *
 * @module
 */

import type { Turn } from "../ports.ts";
import type { Disk } from "../store/disk.ts";
import { Journal, type Recovery } from "../store/journal.ts";
import { laneNumbers, laneSegments } from "../store/lanes.ts";
import { newParsedRecord, parseRecord } from "../store/record.ts";
import { findLineEnd } from "../wire/line.ts";

/** Lanes of one data node; a repair that is begun again seldom needs another. */
export const LANES_MAX = 64;

/** Who asked to restore. */
export interface Restorer {
  /** What came under this ticket is on disk, or, with a reason, is not. */
  restored(ticket: number, failure: string | undefined): void;
}

interface Lane {
  readonly journal: Journal;
  /** Of its last record. */
  tick: number;
  /** Bytes that are synced. */
  end: number;
  /** Who waits for which commit. */
  waiting: { commit: number; restorer: Restorer; ticket: number }[];
}

const record = newParsedRecord();

/** See the module. */
export class Restores {
  readonly #disk: Disk;
  readonly #turn: Turn;
  readonly #failed: (reason: string) => void;
  readonly #lanes: Lane[] = [];
  #end = 0;

  /** @param failed Is told why the disk did not take what was to be written. */
  constructor(disk: Disk, turn: Turn, failed: (reason: string) => void) {
    this.#disk = disk;
    this.#turn = turn;
    this.#failed = failed;
  }

  /** How many lanes there are. */
  get lanes(): number {
    return this.#lanes.length;
  }

  /** How many bytes are synced, in all lanes together. */
  get end(): number {
    return this.#end;
  }

  /** Whether all that was to be restored is on disk, or has failed. */
  get idle(): boolean {
    return this.#lanes.every(({ journal }) => journal.idle);
  }

  /** The lane with this number, from 1. */
  lane(number: number): Journal | undefined {
    return this.#lanes[number - 1]?.journal;
  }

  /**
   * Reads what the directory holds.
   *
   * @throws Whatever the disk throws.
   */
  open(): Recovery[] {
    return laneNumbers(this.#disk.list()).map(() => this.#addLane());
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
    let lane = this.#lanes.find(({ tick }) => tick <= ticks.first);
    if (lane === undefined) {
      if (this.#lanes.length >= LANES_MAX) return "there are too many lanes";
      this.#addLane();
      lane = this.#lanes.at(-1)!;
    }
    if (lane.journal.full) return "the disk is behind";
    lane.tick = ticks.last;
    lane.waiting.push({
      commit: lane.journal.gatheringCommit,
      restorer,
      ticket,
    });
    lane.journal.appendLines(bytes, from, to);
    return undefined;
  }

  #addLane(): Recovery {
    const journal = new Journal(
      // Appends of one lane do not wait for those of another.
      this.#disk.another(),
      this.#turn,
      {
        committed: (commit, failure) => this.#committed(lane, commit, failure),
        room: () => {},
        sealed: () => {},
      },
      { names: laneSegments(this.#lanes.length + 1) },
    );
    const lane: Lane = { journal, tick: 0, end: 0, waiting: [] };
    const recovery = journal.open(() => {});
    lane.tick = recovery.tick;
    this.#lanes.push(lane);
    this.#end += journal.end;
    lane.end = journal.end;
    return recovery;
  }

  #committed(lane: Lane, commit: number, failure: string | undefined): void {
    if (failure !== undefined) this.#failed(failure);
    this.#end += lane.journal.end - lane.end;
    lane.end = lane.journal.end;
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
