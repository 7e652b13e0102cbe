/**
 * What is kept for each commit of a journal that is open.
 *
 * A journal has two open commits at most: the one that is being written and the
 * one that gathers. Their numbers follow each other, so whether a number is odd
 * tells them apart, and what is kept for one commit serves the next but one:
 * two of everything are enough, made once.
 *
 * @module
 */

import { assert } from "../base/assert.ts";

/** Keeps a `T` for each of the two commits that can be open. */
export class PerCommit<T> {
  /** What is kept, whichever commits it is for. */
  readonly both: readonly [T, T];
  readonly #empty: (one: T) => void;
  /** For which commit each is kept; 0 for none. */
  readonly #commits: [number, number] = [0, 0];
  /** The last commit that was done. */
  #done = 0;

  /**
   * @param make Makes one that is empty.
   * @param empty Makes it so again, when its commit is done.
   */
  constructor(make: () => T, empty: (one: T) => void) {
    this.both = [make(), make()];
    this.#empty = empty;
  }

  /** What is kept for a commit that is open. */
  at(commit: number): T {
    assert(commit > this.#done, "a commit that is done is not open");
    const half = commit & 1;
    const open = this.#commits[half];
    assert(open === commit || open === 0, "no third commit is open");
    this.#commits[half] = commit;
    return this.both[half]!;
  }

  /** A commit is on disk, or has failed: nothing is kept for it any more. */
  done(commit: number): void {
    this.#empty(this.at(commit));
    this.#commits[commit & 1] = 0;
    this.#done = commit;
  }
}
