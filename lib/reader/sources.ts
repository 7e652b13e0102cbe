/**
 * The sources of a reader: the segments and the lanes of all data nodes that it
 * has heard of, and the merge of them.
 *
 * @module
 */

import { Merge } from "../store/merge.ts";
import { RecordStream } from "../store/record_stream.ts";
import type { ReaderEvents } from "./events.ts";
import { Source } from "./source.ts";

/** Everything that is read, merged by tick. */
export class Sources {
  /** Whether those that are met are read without end. */
  #follows: boolean;
  readonly #events: ReaderEvents;
  readonly merge: Merge<Source> = new Merge();
  /** By data node and lane. */
  readonly #known = new Map<string, Source>();

  constructor(follows: boolean, events: ReaderEvents) {
    this.#follows = follows;
    this.#events = events;
  }

  /** All of them, in the order in which they were met. */
  get all(): readonly Source[] {
    return this.merge.sources;
  }

  /** Whether this data node is read. */
  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** The segments and the lanes of a data node, as far as they are known. */
  allOf(id: string): Source[] {
    return this.all.filter(({ stream }) => stream.id === id);
  }

  /** A data node's segments, or a lane of it; new ones are read from now on. */
  get(id: string, lane: number): Source {
    const key = lane === 0 ? id : `${id}/${lane}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stream = new RecordStream(
      id,
      this.#follows,
      (position, length) =>
        this.#events.missing(
          `${length} bytes at ${position} of dataNode ${id} are damaged; ` +
            "what they held is missing unless another has it",
        ),
    );
    const source = new Source(stream, lane);
    source.address = this.#known.get(id)?.address ?? "";
    this.#known.set(key, source);
    this.merge.add(source);
    return source;
  }

  /** Has all read to where they end now, and no further. */
  stopFollowing(): void {
    this.#follows = false;
    for (const source of this.all) source.stopFollowing();
  }
}
