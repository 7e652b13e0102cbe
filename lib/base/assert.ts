/**
 * Assertions: what can only be false if the program is wrong. A process that
 * finds one false ends where the mistake is, before it spreads to a disk or to
 * a peer. What others may do wrong is never asserted; it is answered.
 *
 * @module
 */

/**
 * States what must be true here.
 *
 * @throws Error, which ends the process, if it is not.
 */
export function assert(
  condition: boolean,
  message: string,
): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
