/**
 * The merge by tick of what several data nodes stored: each stream brings its
 * records in the order of their ticks, and so does the merge.
 *
 * Whoever reads back uses it, and so does repair. It waits for a stream that
 * may still bring a record with a lower tick than those in front; which is next
 * is certain only when there is none.
 *
 * @module
 */

import { Front, type RecordStream } from "./record_stream.ts";

/** A stream of records, as the merge sees it. */
export interface MergeSource {
  readonly stream: RecordStream;
  /** The lane (lanes.ts) of the data node, from 1; 0 are its segments. */
  readonly lane: number;
  /** Whether the merge goes on without what the stream has not brought yet. */
  readonly isLeftOut: boolean;
}

/** Finds the next record of several streams. */
export class Merge<S extends MergeSource> {
  readonly #sources: S[] = [];
  #next: S | undefined;
  #isOver = false;
  #completeTo = 0;

  /** In the order in which they were added. */
  get sources(): readonly S[] {
    return this.#sources;
  }

  /** Whose record is next, if that was certain. */
  get next(): S | undefined {
    return this.#next;
  }

  /** Whether no stream brings any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Every record up to this tick has been met, or is next, on the data nodes
   * that are here. One that was read up to a certain place may have stored more
   * since, with later ticks.
   */
  get completeTo(): number {
    return this.#completeTo;
  }

  /** Merges another stream from now on. */
  add(source: S): void {
    this.#sources.push(source);
  }

  /** Finds the record with the lowest tick. */
  look(): void {
    this.#next = undefined;
    this.#isOver = true;
    this.#completeTo = Infinity;
    let lowest: S | undefined;
    let isAwaiting = false;
    for (const source of this.#sources) {
      const { stream } = source;
      const front = stream.front();
      if (front === Front.end) {
        if (source.lane === 0 && !source.isLeftOut) {
          this.#completeTo = Math.min(this.#completeTo, stream.completeTo);
        }
        continue;
      }
      this.#isOver = false;
      if (front === Front.nothing) isAwaiting = true;
      else if (
        lowest === undefined || stream.record.tick < lowest.stream.record.tick
      ) lowest = source;
    }
    if (lowest === undefined) return;
    if (isAwaiting && this.#mayBringBefore(lowest.stream.record.tick)) return;
    this.#next = lowest;
  }

  /** Whether a stream with nothing in front may bring a record up to `tick`. */
  #mayBringBefore(tick: number): boolean {
    for (const { stream, isLeftOut } of this.#sources) {
      if (isLeftOut || stream.isPast(tick)) continue;
      if (stream.front() === Front.nothing) return true;
    }
    return false;
  }
}
