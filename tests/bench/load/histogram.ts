/**
 * Latencies, counted in buckets that grow by 2 %: adding one allocates nothing,
 * and a quantile is right to 2 %.
 */

/** Ratio of one bucket's bound to the one before. */
const GROWTH = 1.02;

/** The last bucket begins beyond 50 s. */
const BUCKETS = 900;

/** See the module. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;

  /** Counts one latency, in µs. */
  add(us: number): void {
    const bucket = Math.floor(Math.log(Math.max(us, 1)) / Math.log(GROWTH));
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
    this.#count++;
  }

  /** The latency that a share of all are below, in µs; 0 without any. */
  quantile(share: number): number {
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      below += this.#counts[bucket]!;
      if (this.#count > 0 && below >= share * this.#count) {
        return GROWTH ** (bucket + 0.5);
      }
    }
    return 0;
  }
}
