/**
 * Leaps of the logical clock.
 *
 * Time goes on by one with each batch that is stored, so no honest peer is 2^40
 * ahead of another: at a million batches a second that takes twelve days, and
 * who hears of nobody hears of nothing to order either. What is told beyond is
 * a mistake or worse, and believing it would end the order of all clients for
 * good: records keep it. So it is refused by whoever hears it first. Only a
 * head that knows no time yet takes that of the first data node that it meets:
 * it cannot know better, and the records of that one are to be read in any
 * case.
 *
 * @module
 */

/** The furthest that a peer may be ahead of what is known here. */
export const TICK_LEAP_MAX = 2 ** 40;

/** Whether `tick` is further ahead of `known` than can be true. */
export function isLeap(tick: number, known: number): boolean {
  return tick - known > TICK_LEAP_MAX;
}

/** Why a leap is refused. */
export function leapReason(tick: number, known: number): string {
  return `its logical time ${tick} is beyond reason: more than 2^40 past ` +
    `${known}, which is the time here`;
}
