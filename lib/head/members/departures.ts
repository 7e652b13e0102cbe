/**
 * Departures: when data nodes left, how often, and where those were that left
 * with nothing, whom nobody misses and who are greeted as known all the same.
 *
 * @module
 */

/** Data nodes that left with nothing, and are known when they return. */
const VISITORS_MAX = 256;

/** Keeps them for one life of a head. */
export class Departures {
  readonly #startedMs: number;
  /** When those that are away left, by id. */
  readonly #leftMs = new Map<string, number>();
  /** How often each has left that is missed. */
  readonly #counts = new Map<string, number>();
  /** Addresses of the last that left with nothing. */
  readonly #visitors = new Map<string, string>();

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** One has left that may have messages. */
  left(id: string, nowMs: number): void {
    this.#leftMs.set(id, nowMs);
    this.#counts.set(id, this.count(id) + 1);
  }

  /** One has left that nothing was placed on: it is kept for a while. */
  leftWithNothing(id: string, address: string, nowMs: number): void {
    this.#leftMs.set(id, nowMs);
    this.#visitors.set(id, address);
    if (this.#visitors.size <= VISITORS_MAX) return;
    const [oldest] = this.#visitors.keys();
    this.#visitors.delete(oldest!);
    this.#leftMs.delete(oldest!);
  }

  /** One is here. @returns When it left, and its address if it had nothing. */
  returned(id: string): {
    readonly leftMs: number | undefined;
    readonly address: string | undefined;
  } {
    const leftMs = this.#leftMs.get(id);
    const address = this.#visitors.get(id);
    this.#leftMs.delete(id);
    this.#visitors.delete(id);
    return { leftMs, address };
  }

  /** For how long one has been away, at least since the head's start. */
  awayMs(id: string, nowMs: number): number {
    return nowMs - (this.#leftMs.get(id) ?? this.#startedMs);
  }

  /** How often it has left. */
  count(id: string): number {
    return this.#counts.get(id) ?? 0;
  }
}
