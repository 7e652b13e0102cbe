/**
 * Assertions: what can only be false if the program is wrong ends the process
 * where that shows, and not where it does harm. Never for what others send.
 *
 * @module
 */

/**
 * Throws unless `condition` holds.
 *
 * @param message What ought to hold, without anything that costs to make.
 */
export function assert(
  condition: boolean,
  message: string,
): asserts condition {
  if (!condition) throw new Error(message);
}
