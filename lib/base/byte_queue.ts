/**
 * Bytes on their way out: appended at one end, taken at the other, in one
 * array that is kept and reused, so that a busy connection allocates nothing.
 *
 * @module
 */

/** Shared by all empty queues, so that an idle connection owns no buffer. */
const NONE = new Uint8Array(0);

/** First capacity; one or two small replies. */
const CAPACITY_MIN = 256;

/**
 * Capacity that an emptied queue may keep, unless told otherwise; above it,
 * memory is given back.
 */
const CAPACITY_KEPT = 1024 * 1024;

/** A growable first-in, first-out queue of bytes. */
export class ByteQueue {
  readonly #capacityKept: number;
  #bytes: Uint8Array = NONE;
  #start = 0;
  #end = 0;

  /**
   * @param capacityKept Bytes of memory to keep when it is empty: more for the
   * few queues that are filled again and again.
   */
  constructor(capacityKept: number = CAPACITY_KEPT) {
    this.#capacityKept = capacityKept;
  }

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The array that holds the queue; it changes when {@linkcode reserve} grows it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where in {@linkcode bytes} the queue begins. */
  get start(): number {
    return this.#start;
  }

  /** Where in {@linkcode bytes} the queue ends. */
  get end(): number {
    return this.#end;
  }

  /**
   * Makes room for `count` more bytes.
   *
   * @returns Where to write them in {@linkcode bytes}; then
   * {@linkcode commit} them.
   */
  reserve(count: number): number {
    if (this.#end + count > this.#bytes.length) this.#makeRoom(count);
    return this.#end;
  }

  /** Adds `count` bytes that were written where {@linkcode reserve} said. */
  commit(count: number): void {
    this.#end += count;
  }

  /** Adds `source[from..to)`. */
  append(source: Uint8Array, from = 0, to: number = source.length): void {
    const at = this.reserve(to - from);
    if (to - from < 64) {
      // A loop beats the call and the subarray for a message's usual length.
      const bytes = this.#bytes;
      for (let i = from, o = at; i < to; i++, o++) bytes[o] = source[i]!;
    } else {
      this.#bytes.set(
        from === 0 && to === source.length ? source : source.subarray(from, to),
        at,
      );
    }
    this.#end += to - from;
  }

  /** Takes `count` bytes off the front. */
  consume(count: number): void {
    this.#start += count;
    if (this.#start >= this.#end) this.clear();
  }

  /** Takes what was added last off again, down to `length` bytes. */
  truncate(length: number): void {
    this.#end = this.#start + length;
  }

  /** Empties the queue. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
    if (this.#bytes.length > this.#capacityKept) this.#bytes = NONE;
  }

  /** The waiting bytes, as a view that lives until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  #makeRoom(count: number): void {
    const length = this.length;
    let capacity = Math.max(this.#bytes.length, CAPACITY_MIN);
    while (capacity < length + count) capacity *= 2;
    if (capacity === this.#bytes.length && this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array(capacity);
      grown.set(this.view());
      this.#bytes = grown;
    }
    this.#start = 0;
    this.#end = length;
  }
}
