/**
 * How long answers usually take, and how long they may take: mean and mean
 * deviation, moved by each answer, as TCP estimates its round trips (Jacobson,
 * "Congestion Avoidance and Control", SIGCOMM 1988; RFC 6298, section 2).
 *
 * The deviation rises at once with a late answer and falls slowly, so a node
 * that has been slow is given more time, and loses it as it becomes fast again.
 *
 * What comes after unusually long silence is no answer to learn from at first:
 * it took as long as the silence did (Karn and Partridge, "Improving Round-Trip
 * Time Estimates", SIGCOMM 1987, leave such times out too).
 *
 * @module
 */

/** Weight of a new answer in the mean (RFC 6298). */
const MEAN_WEIGHT = 1 / 8;

/** Weight of a new answer in the deviation (RFC 6298). */
const DEVIATION_WEIGHT = 1 / 4;

/** Deviations above the mean that an answer may take (RFC 6298). */
const DEVIATIONS = 4;

/** The usual time of an answer, and the bound past which one is late. */
export class Estimate {
  #meanMs = 0;
  #deviationMs = 0;
  #hasAnswer = false;

  /** How long an answer usually takes, in ms; 0 before the first. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** How long nearly all answers take at most, in ms; 0 before the first. */
  get boundMs(): number {
    return this.#meanMs + DEVIATIONS * this.#deviationMs;
  }

  /** An answer has taken so long. */
  add(tookMs: number): void {
    if (!this.#hasAnswer) {
      this.#hasAnswer = true;
      this.#meanMs = tookMs;
      this.#deviationMs = tookMs / 2;
      return;
    }
    const error = tookMs - this.#meanMs;
    this.#deviationMs += DEVIATION_WEIGHT *
      (Math.abs(error) - this.#deviationMs);
    this.#meanMs += MEAN_WEIGHT * error;
  }
}

/** Silences in a row, with no answer in time between, that are the rule. */
const SILENCES_BELIEVED = 3;

/**
 * Tells a peer that was away for once from one that is slow: somebody who
 * pauses answers in time in between, however often that is.
 */
export class Lateness {
  #silences = 0;

  /** An answer came in time. */
  inTime(): void {
    this.#silences = 0;
  }

  /**
   * Unusually long silence has ended.
   *
   * @returns Whether this is how the peer is, and so is to be learnt from.
   */
  isTheRule(): boolean {
    return ++this.#silences >= SILENCES_BELIEVED;
  }
}
