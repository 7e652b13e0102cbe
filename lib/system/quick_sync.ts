/**
 * Where a sync is waited for. Beside the event loop it costs two hand-overs
 * between threads, which is more than a quick disk takes for the sync itself;
 * in the event loop nothing else is done meanwhile. So the loop waits for what
 * is known to be short, and for nothing else: the disk was quick of late, and
 * the commit is small.
 *
 * (Measured, 2 cores: a lone client is answered an eighth more often, and data
 * nodes use an eighth less processor for it and for a hundred clients.)
 *
 * @module
 */

/** Mean time of a sync up to which the loop waits for it, in ms. */
const QUICK_MS_MAX = 2;

/**
 * Bytes of a commit up to which the loop waits: a hundred lone messages. Beside
 * the sync of a larger one, the next is formatted.
 */
const QUICK_BYTES_MAX = 16 * 1024;

/**
 * A sync that takes longer than this is a disk that hangs, in ms. The loop was
 * held up for all that time, so the peers may think the process dead: nothing
 * is lost by that, but messages are sent again.
 */
const HANGING_MS_MIN = 50;

/**
 * So many times as long as the disk hung, the loop waits for no sync: it is
 * held up by such a disk for a hundredth of the time at most.
 */
const REST_TIMES = 100;

/** Weight of a sync in the mean: one that takes long is not soon forgotten. */
const WEIGHT = 1 / 8;

/** Decides, commit by commit, whether the event loop waits for the sync. */
export class QuickSync {
  /** Of a disk that nothing is known of. */
  #meanMs = 2 * QUICK_MS_MAX;
  #restUntilMs = -Infinity;

  /** Whether the loop should wait for the sync of a commit of so many bytes. */
  suits(bytes: number, nowMs: number): boolean {
    return bytes <= QUICK_BYTES_MAX && this.#meanMs <= QUICK_MS_MAX &&
      nowMs >= this.#restUntilMs;
  }

  /** A sync that has ended now took so long, wherever it was waited for. */
  took(ms: number, nowMs: number): void {
    this.#meanMs += WEIGHT * (ms - this.#meanMs);
    if (ms > HANGING_MS_MIN) this.#restUntilMs = nowMs + REST_TIMES * ms;
  }
}
