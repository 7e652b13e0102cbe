/**
 * Questions that a peer has not answered yet, each under the number by which
 * its answer names it.
 *
 * @module
 */

/** Keeps who waits for each answer, a `T`. */
export class Pending<T> {
  readonly #waiting = new Map<number, T>();
  #last = 0;

  /** Notes who waits. @returns The number of the question, from 1. */
  add(waiter: T): number {
    this.#waiting.set(++this.#last, waiter);
    return this.#last;
  }

  /** An answer came. @returns Who waits for it; undefined if nobody does. */
  take(number: number): T | undefined {
    const waiter = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiter;
  }

  /** No answer comes any more. @returns All who wait, in the order they asked. */
  takeAll(): T[] {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    return all;
  }
}
