/**
 * The batches that no data node takes now, in the order they came, and what is
 * told of them: that there are too few data nodes, that they have waited for
 * long and why, and that all of them were placed at last.
 *
 * @module
 */

import { Fifo } from "../fifo.ts";
import type { Clock } from "../ports.ts";
import { type Batch, isHeldBy, isLong } from "./batch.ts";
import type { HeadEvents } from "./events.ts";
import type { Member } from "./member.ts";

/** Time after which it is told that messages wait, and why, in ms. */
const STUCK_MS = 3_000;

/** How many copies a message gets. */
export interface CopiesWanted {
  /** Copies of each message. */
  readonly replicas: number;
  /** Copies that suffice while fewer data nodes than `replicas` live. */
  readonly minReplicas: number;
}

/** See the module. */
export class Waiting {
  /**
   * Those with messages too long for an original data node have a queue of
   * their own, so that others do not wait behind them.
   */
  readonly queues: readonly [Fifo<Batch>, Fifo<Batch>] = [
    new Fifo(),
    new Fifo(),
  ];
  readonly #copies: CopiesWanted;
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  /** Whether it was told that there are too few members. */
  #isHolding = false;
  /** Whether it was told that messages wait, and why. */
  #isStuck = false;
  /** Since when the first of those that wait has been the first. */
  #firstSinceMs = 0;
  #releasedMessages = 0;

  constructor(
    copies: CopiesWanted,
    members: readonly Member[],
    clock: Clock,
    events: HeadEvents,
  ) {
    this.#copies = copies;
    this.#members = members;
    this.#clock = clock;
    this.#events = events;
  }

  /** Whether a batch would have to wait behind others. */
  hasBefore(batch: Batch): boolean {
    return this.#queueOf(batch).length > 0;
  }

  /** All that wait. */
  *batches(): Iterable<Batch> {
    for (const queue of this.queues) {
      for (let i = 0; i < queue.length; i++) yield queue.at(i)!;
    }
  }

  /** Has a batch wait. @param live Members that could take it. */
  add(batch: Batch, live: number): void {
    batch.waiting = true;
    batch.references++;
    if (!this.#isAny()) this.#firstSinceMs = this.#clock.nowMs();
    this.#queueOf(batch).push(batch);
    const { minReplicas } = this.#copies;
    if (this.#isHolding || live >= minReplicas) return;
    this.#isHolding = true;
    this.#releasedMessages = 0;
    this.#events.holding(live, minReplicas);
  }

  /** The first of a queue waits no more. */
  shift(queue: Fifo<Batch>): void {
    const batch = queue.shift()!;
    this.#firstSinceMs = this.#clock.nowMs();
    batch.waiting = false;
    this.released(batch);
  }

  /** A batch was placed that had to wait, here or for something else. */
  released({ count }: Batch): void {
    this.#releasedMessages += count;
  }

  /** Tells that none waits any more, if it was told that some do. */
  review(): void {
    if (!this.#isHolding && !this.#isStuck || this.#isAny()) return;
    this.#isHolding = this.#isStuck = false;
    this.#events.released(this.#releasedMessages);
    this.#releasedMessages = 0;
  }

  /** Tells why those that have waited for long do; once, until none does. */
  tellStuck(): void {
    const waitedMs = this.waitedMs();
    // That there is no data node at all has been said.
    const isSaid = this.#isStuck || this.#members.length === 0;
    if (waitedMs < STUCK_MS || isSaid) return;
    this.#isStuck = true;
    if (!this.#isHolding) this.#releasedMessages = 0;
    let messages = 0;
    for (const { count } of this.batches()) messages += count;
    this.#events.stuck(messages, waitedMs, this.why());
  }

  /** For how long no message that waits was placed, in ms. */
  waitedMs(): number {
    return this.#isAny() ? this.#clock.nowMs() - this.#firstSinceMs : 0;
  }

  /** What keeps each data node from taking what waits. */
  why(): string[] {
    const [batch] = this.batches();
    if (batch === undefined) return [];
    const { replicas, minReplicas } = this.#copies;
    const few = `${this.#members.length} dataNodes, of which ${minReplicas} ` +
      `of ${replicas} must take a message`;
    return [few, ...this.#members.map((member) => whyNot(member, batch))];
  }

  #isAny(): boolean {
    return this.queues.some(({ length }) => length > 0);
  }

  #queueOf(batch: Batch): Fifo<Batch> {
    return this.queues[isLong(batch) ? 1 : 0];
  }
}

/** Why a member does not take a batch, in words. */
function whyNot(member: Member, batch: Batch): string {
  const reason = member.suspectSinceMs !== undefined
    ? "is suspect"
    : member.draining
    ? "drains"
    : !member.takes(batch)
    ? `takes no message of ${batch.longest} bytes`
    : member.unwell ?? (isHeldBy(batch, member) ? "has it" : "is busy");
  return `${member.label}: ${reason}`;
}
