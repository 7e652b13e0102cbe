/**
 * So many lines a second, so that what is told of messages never costs more
 * than a person can read. What is too much is counted.
 *
 * @module
 */

/** Counts the lines of a second, and those that were too many. */
export class LineBudget {
  readonly #perSecond: number;
  #second = -1;
  #taken = 0;
  #refused = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * Whether so many lines more may be written; those of one call stay
   * together, so a second may have some more than its budget.
   */
  take(lines: number): boolean {
    if (this.#taken >= this.#perSecond) {
      this.#refused += lines;
      return false;
    }
    this.#taken += lines;
    return true;
  }

  /**
   * Time has passed; asked of a clock here, and not for every message.
   *
   * @returns When a second is over, how many lines it refused; else 0.
   */
  tick(nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return 0;
    this.#second = second;
    this.#taken = 0;
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }
}
