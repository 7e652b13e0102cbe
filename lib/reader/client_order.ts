/**
 * The order of one client's messages. Their records come from many data nodes
 * in the order of their ticks, some of them more than once.
 *
 * A record's floor says that every sequence below it had been answered before
 * this message was sent, so their records have lower ticks and have been met
 * already, wherever a data node was there to be read. So a message waits only
 * for those between the floor and itself: at most a client's window.
 *
 * Sequences that were passed over, because no record of them was met, are
 * remembered: should one turn up later (from a node that kept a copy nobody
 * waited for any more), it is taken, late rather than never. What comes a
 * second time is dropped.
 *
 * @module
 */

/** Takes records in their final order. */
export type Emit<T> = (record: T) => void;

/** Puts one client's messages in order, and takes each once. */
export class ClientOrder<T> {
  /** Every sequence below was taken, or is in a gap. */
  #next = 1;
  /** Sequences that were passed over: `[first, end)`, one pair after another. */
  #gaps: number[] = [];
  /** Records that wait for those before them. */
  readonly #waiting = new Map<number, T>();
  /** Every sequence below was answered, and its record must have been met. */
  #certainFloor = 1;

  /** Records that wait for those before them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Sequences that were answered, and that no record was met of; the first of
   * them, if there is one.
   */
  lacking(): { readonly count: number; readonly first: number } {
    let count = 0;
    let first = 0;
    for (let i = 0; i < this.#gaps.length; i += 2) {
      const start = this.#gaps[i]!;
      const end = Math.min(this.#gaps[i + 1]!, this.#certainFloor);
      if (start >= end) break;
      if (count === 0) first = start;
      count += end - start;
    }
    return { count, first };
  }

  /**
   * Takes a record, unless it came before.
   *
   * @param isCertain Whether every record with a lower tick has been met that
   * can be, so that what the floor tells of and is not there is missing.
   * @param keep Makes a copy of the record that lasts, should it have to wait.
   */
  add(
    sequence: number,
    floor: number,
    isCertain: boolean,
    record: T,
    keep: (record: T) => T,
    emit: Emit<T>,
  ): void {
    if (isCertain && floor > this.#certainFloor) this.#certainFloor = floor;
    if (floor > this.#next) this.#passTo(floor, emit);
    if (sequence < this.#next) {
      if (this.#closeGap(sequence)) emit(record);
    } else if (sequence > this.#next) {
      if (!this.#waiting.has(sequence)) {
        this.#waiting.set(sequence, keep(record));
      }
    } else {
      emit(record);
      this.#next++;
      this.#takeWaiting(emit);
    }
  }

  /** Nothing more will come before what waits: takes that. */
  end(emit: Emit<T>): void {
    const sequences = [...this.#waiting.keys()].sort((a, b) => a - b);
    for (const sequence of sequences) this.#passTo(sequence + 1, emit);
  }

  /** Takes what waits below `end`, and passes over the rest. */
  #passTo(end: number, emit: Emit<T>): void {
    if (end <= this.#next) return;
    const known = [...this.#waiting.keys()].filter((s) => s < end)
      .sort((a, b) => a - b);
    for (const sequence of known) {
      this.#addGap(this.#next, sequence);
      emit(this.#waiting.get(sequence)!);
      this.#waiting.delete(sequence);
      this.#next = sequence + 1;
    }
    this.#addGap(this.#next, end);
    this.#next = end;
    this.#takeWaiting(emit);
  }

  #takeWaiting(emit: Emit<T>): void {
    for (;;) {
      const record = this.#waiting.get(this.#next);
      if (record === undefined) return;
      this.#waiting.delete(this.#next);
      this.#next++;
      emit(record);
    }
  }

  #addGap(first: number, end: number): void {
    if (first >= end) return;
    if (this.#gaps.at(-1) === first) this.#gaps[this.#gaps.length - 1] = end;
    else this.#gaps.push(first, end);
  }

  /** Takes one sequence out of its gap. @returns Whether it was in one. */
  #closeGap(sequence: number): boolean {
    const gaps = this.#gaps;
    let low = 0;
    let high = gaps.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (gaps[2 * middle + 1]! <= sequence) low = middle + 1;
      else high = middle;
    }
    const first = gaps[2 * low];
    const end = gaps[2 * low + 1];
    if (first === undefined || end === undefined || sequence < first) {
      return false;
    }
    const rest = [first, sequence, sequence + 1, end];
    gaps.splice(
      2 * low,
      2,
      ...rest.slice(0, first < sequence ? 2 : 0),
      ...rest.slice(2, sequence + 1 < end ? 4 : 2),
    );
    return true;
  }
}
