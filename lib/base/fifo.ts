/**
 * A first-in, first-out queue in one ring that is kept and reused: what is in
 * flight, and what waits.
 *
 * @module
 */

const CAPACITY_MIN = 16;

/** A queue that can also be read and changed at any place. */
export class Fifo<T> {
  #ring: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  /** How many values wait. */
  get length(): number {
    return this.#length;
  }

  /** Adds a value at the end. */
  push(value: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[this.#place(this.#length)] = value;
    this.#length++;
  }

  /** Takes the oldest value, or undefined when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = this.#place(1);
    this.#length--;
    return value;
  }

  /** The value at `index` from the oldest, or undefined past the end. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#ring[this.#place(index)] : undefined;
  }

  /** Replaces the value at `index`, which must be there. */
  set(index: number, value: T): void {
    this.#ring[this.#place(index)] = value;
  }

  /** The ring's length is a power of two, so a mask wraps an index. */
  #place(index: number): number {
    return (this.#head + index) & (this.#ring.length - 1);
  }

  #grow(): void {
    const grown = new Array<T | undefined>(
      Math.max(CAPACITY_MIN, this.#ring.length * 2),
    );
    for (let i = 0; i < this.#length; i++) grown[i] = this.at(i);
    this.#ring = grown;
    this.#head = 0;
  }
}
