/**
 * A world without time, chance or promises of its own: one queue of events in
 * the order of (time, number), one seeded source of random numbers. The same
 * seed gives the same history, event by event.
 *
 * A process is what can die or be stopped. Its events are dropped when it is
 * dead, and wait while it is stopped, as after SIGSTOP.
 */

import { TICK_MS } from "../../lib/base/limits.ts";
import type { Clock, Random, Turn } from "../../lib/base/ports.ts";
import { seededRandom } from "../support/seeded_random.ts";

interface Event {
  readonly atMs: number;
  readonly number: number;
  readonly process: Process | undefined;
  readonly run: () => void;
}

/** See the module. */
export class World implements Clock {
  readonly random: Random;
  /** Earliest first: a binary heap. */
  readonly #events: Event[] = [];
  #nowMs = 0;
  #number = 0;
  #eventsRun = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_795_458_225_000 + Math.floor(this.#nowMs);
  }

  /** Events run so far: how much a simulation did. */
  get eventsRun(): number {
    return this.#eventsRun;
  }

  /** Runs `run` after `delayMs`, in `process` if one is given. */
  after(delayMs: number, run: () => void, process?: Process): void {
    const atMs = this.#nowMs + delayMs;
    this.#push({ atMs, number: this.#number++, process, run });
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const event = this.#events[0];
      if (event === undefined || event.atMs > endMs) break;
      this.#pop();
      this.#nowMs = event.atMs;
      this.#eventsRun++;
      const { process } = event;
      if (process === undefined) event.run();
      else process.handle(event.run);
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass until `isDone`, at most `ms`. @returns Whether it is. */
  runUntil(isDone: () => boolean, ms: number): boolean {
    const endMs = this.#nowMs + ms;
    while (!isDone() && this.#nowMs < endMs) this.run(TICK_MS);
    return isDone();
  }

  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  /** True with this chance. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** One of `values`, which is not empty. */
  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)]!;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) {
        child++;
      }
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** A process of a world: one life, from its start to its death. */
export class Process implements Turn {
  readonly name: string;
  readonly world: World;
  #isDead = false;
  #isStopped = false;
  #waiting: (() => void)[] = [];
  #before: (() => void)[] = [];
  #sending: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Runs `run` after `delayMs`, if the process lives by then. */
  after(delayMs: number, run: () => void): void {
    this.world.after(delayMs, run, this);
  }

  /** Runs `tick` every `TICK_MS` from now on. */
  every(tick: () => void): void {
    const again = () => {
      tick();
      this.after(TICK_MS, again);
    };
    this.after(TICK_MS * this.world.random(), again);
  }

  /** An event for this process: now, later, or never. */
  handle(run: () => void): void {
    if (this.#isDead) return;
    if (this.#isStopped) {
      this.#waiting.push(run);
      return;
    }
    run();
    this.#endTurn();
  }

  /** As SIGSTOP: it does nothing until it goes on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** As SIGCONT. */
  goOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) this.handle(run);
  }

  /** As SIGKILL. */
  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const tell of this.#onDeath) tell();
  }

  /** Is told when the process dies. */
  onDeath(tell: () => void): void {
    this.#onDeath.push(tell);
  }

  beforeSending(job: () => void): void {
    this.#before.push(job);
  }

  sending(job: () => void): void {
    this.#sending.push(job);
  }

  #endTurn(): void {
    while (this.#before.length + this.#sending.length > 0 && !this.#isDead) {
      const before = this.#before;
      const sending = this.#sending;
      this.#before = [];
      this.#sending = [];
      for (const job of before) job();
      for (const job of sending) job();
    }
  }
}
