/**
 * The real clock and the real chance.
 *
 * @module
 */

import type { Clock, Random } from "../base/ports.ts";

/** The clocks of this machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** For choices that need not be secret: fast. */
export const fastRandom: Random = Math.random;

/** For names that must not repeat, ever, anywhere. */
export const strongRandom: Random = () =>
  crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
