/**
 * A clock that counts only the time in which this process was able to listen.
 *
 * Who was stopped, or had no processor, for a minute has heard nothing for a
 * minute; that says nothing about the others. So a gap between two ticks counts
 * for no more than an ordinary one would (Dadgar et al., "Lifeguard: Local
 * Health Awareness for More Accurate Failure Detection", 2018, names the fault:
 * the slow member accuses the others).
 *
 * @module
 */

import { TICK_MS } from "../base/limits.ts";
import type { Clock } from "../base/ports.ts";

/** What a gap between two ticks counts for at most, in ms. */
const GAP_MS_MAX = 4 * TICK_MS;

/** A clock that leaves out the time in which this process was stopped. */
export class AttentiveClock implements Clock {
  readonly #clock: Clock;
  /** Time in which nobody listened, in ms. */
  #lostMs = 0;
  /** The time of the last tick, by this clock. */
  #tickMs: number;

  /** @param clock Is believed about the wall, and about time between ticks. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tickMs = clock.nowMs();
  }

  nowMs(): number {
    const nowMs = this.#clock.nowMs() - this.#lostMs;
    return Math.min(nowMs, this.#tickMs + GAP_MS_MAX);
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  /** The process is listening; to be called every `TICK_MS`. */
  tick(): void {
    const nowMs = this.nowMs();
    this.#lostMs = this.#clock.nowMs() - nowMs;
    this.#tickMs = nowMs;
  }
}
