/** A clock that stands still until a test moves it. */

import type { Clock } from "../../lib/base/ports.ts";

export class ManualClock implements Clock {
  #ms = 0;

  nowMs(): number {
    return this.#ms;
  }

  /** 2026-11-23T18:23:45.000Z and what has passed since. */
  wallMs(): number {
    return 1_795_458_225_000 + this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}
