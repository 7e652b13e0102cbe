/**
 * How far a client has come with what it was to send.
 *
 * @module
 */

import { counted } from "../lib/base/counted.ts";

/** Counts of a client's messages, and whether its work is done. */
export class Progress {
  /** Messages to send; undefined when only their source has an end, or none. */
  readonly #count: number | undefined;
  /** Messages that were handed over. */
  sent = 0;
  /** Of these, those that were answered. */
  answered = 0;
  /** Those that can never be stored, whether they were handed over or not. */
  rejected = 0;
  /** What a signal came before, if it cut the work short. */
  cutBefore: string | undefined;

  constructor(count: number | undefined) {
    this.#count = count;
  }

  /**
   * Why the work is not done, if so.
   *
   * @param unanswered Messages that are given up.
   */
  failure(unanswered: number): string | undefined {
    const reasons: string[] = [];
    if (this.cutBefore !== undefined) {
      reasons.push(
        `Ended by a signal before ${this.cutBefore}: ${this.#sentText()} ` +
          `sent, ${this.answered} answered`,
      );
    } else if (unanswered > 0) {
      reasons.push(`${counted(unanswered, "message")} not answered`);
    }
    if (this.rejected > 0) {
      reasons.push(`${counted(this.rejected, "message")} can never be stored`);
    }
    return reasons.length === 0 ? undefined : reasons.join("; ");
  }

  #sentText(): string {
    return this.#count === undefined
      ? counted(this.sent, "message")
      : `${this.sent} of ${counted(this.#count, "message")}`;
  }
}
