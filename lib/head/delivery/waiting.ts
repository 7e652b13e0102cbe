/**
 * The batches that no data node takes now, in the order they came, and what is
 * told of them: that there are too few data nodes, that they have waited for
 * long and why, and that all of them are stored at last.
 *
 * What was placed and is refused waits again, and what all refuse goes back to
 * its client, who sends it again. So it is no progress that a message was
 * placed; only one that is stored changes what is told, and the time for which
 * nothing was.
 *
 * @module
 */

import { counted } from "../../base/counted.ts";
import { Fifo } from "../../base/fifo.ts";
import type { Clock } from "../../base/ports.ts";
import { type Batch, isHeldBy, isLong } from "./batch.ts";
import type { HeadEvents } from "../events.ts";
import type { Member } from "../members/member.ts";

/** Time after which it is told that messages wait, and why, in ms. */
const STUCK_MS = 3_000;

/** How many copies a message gets. */
export interface CopiesWanted {
  /** Copies of each message. */
  readonly replicas: number;
  /** Copies that suffice while fewer data nodes than `replicas` live. */
  readonly minReplicas: number;
}

/** Batches that wait behind each other. */
class Line {
  readonly queue = new Fifo<Batch>();
  /** Messages that wait here, or did and are not answered yet. */
  unanswered = 0;
  /** Since when there are some and nothing was stored that takes this line. */
  sinceMs = 0;
}

/** Batches that wait for a member, in two lines, and what is told of them. */
export class Waiting {
  /**
   * Those with messages too long for an original data node have a line of
   * their own, so that others do not wait behind them.
   */
  readonly #lines: readonly [Line, Line] = [new Line(), new Line()];
  readonly queues: readonly Fifo<Batch>[] = this.#lines.map((one) => one.queue);
  readonly #copies: CopiesWanted;
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  /** What was told: that no member is there, or that too few can take more. */
  #holding: "nobody" | "too few" | undefined;
  /** Whether it was told that messages wait, and why. */
  #isStuck = false;
  /** Whether a member has refused, and nothing was stored since. */
  #isRefusing = false;
  /** Of what waited since that was told, how many messages are stored. */
  #storedMessages = 0;

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
    return this.#lineOf(batch).queue.length > 0;
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
    const line = this.#lineOf(batch);
    line.queue.push(batch);
    if (!batch.hasWaited) {
      batch.hasWaited = true;
      if (line.unanswered === 0) line.sinceMs = this.#clock.nowMs();
      line.unanswered += batch.count;
    }
    const { minReplicas } = this.#copies;
    const holding = this.#members.length === 0 ? "nobody" : "too few";
    if (live >= minReplicas || this.#holding === holding) return;
    if (!this.#isTold) this.#storedMessages = 0;
    this.#holding = holding;
    const reasons = this.#members.length === 0 ? [] : this.why();
    this.#events.holding(live, minReplicas, reasons);
  }

  /** The first of a queue waits no more. */
  shift(queue: Fifo<Batch>): void {
    queue.shift()!.waiting = false;
  }

  /** A message of this batch is stored, if not yet all. */
  progressed(batch: Batch): void {
    const line = this.#lineOf(batch);
    if (line.unanswered > 0) line.sinceMs = this.#clock.nowMs();
  }

  /** A member could not store what was placed on it. */
  refused(): void {
    this.#isRefusing = true;
  }

  /** A batch is answered: it is stored, or its client has it again. */
  settled(batch: Batch, isStored: boolean): void {
    if (isStored) {
      this.#isRefusing = false;
      this.progressed(batch);
    }
    if (!batch.hasWaited) return;
    this.#lineOf(batch).unanswered -= batch.count;
    if (isStored) this.#storedMessages += batch.count;
  }

  /** Tells that none waits any more, if it was told that some do. */
  review(): void {
    if (!this.#isTold || this.#isRefusing) return;
    if (this.#lines.some((one) => one.unanswered > 0)) return;
    this.#holding = undefined;
    this.#isStuck = false;
    this.#events.released(this.#storedMessages);
  }

  /** Tells why those that have waited for long do; once, until none does. */
  tellStuck(): void {
    const waitedMs = this.waitedMs();
    // That there is no data node at all has been said.
    const isSaid = this.#isStuck || this.#members.length === 0;
    if (waitedMs < STUCK_MS || isSaid) return;
    if (!this.#isTold) this.#storedMessages = 0;
    this.#isStuck = true;
    const messages = this.#lines.reduce((sum, one) => sum + one.unanswered, 0);
    this.#events.stuck(messages, waitedMs, this.why());
  }

  /** For how long none of those that wait or waited was stored, in ms. */
  waitedMs(): number {
    const nowMs = this.#clock.nowMs();
    const times = this.#lines.map(({ unanswered, sinceMs }) =>
      unanswered > 0 ? nowMs - sinceMs : 0
    );
    return Math.max(...times);
  }

  /** What keeps each data node from taking what waits. */
  why(): string[] {
    const [batch] = this.batches();
    const nowMs = this.#clock.nowMs();
    return [
      this.#howMany(),
      ...this.#members.map((member) => whyNot(member, batch, nowMs)),
    ];
  }

  /** How many data nodes are here, and how many it takes. */
  #howMany(): string {
    const { replicas, minReplicas } = this.#copies;
    const here = counted(this.#members.length, "dataNode");
    if (minReplicas === 1) return here;
    const only = this.#members.length < minReplicas ? "only " : "";
    const atLeast = minReplicas < replicas ? " at least" : "";
    return `${only}${here}, and a message must be on ${minReplicas}${atLeast}`;
  }

  /** Whether it was told that messages wait. */
  get #isTold(): boolean {
    return this.#isStuck || this.#holding !== undefined;
  }

  #lineOf(batch: Batch): Line {
    return this.#lines[isLong(batch) ? 1 : 0];
  }
}

/**
 * Why a member does not take a batch, in words.
 *
 * @param batch The first that waits; undefined if all are on their way again.
 */
function whyNot(
  member: Member,
  batch: Batch | undefined,
  nowMs: number,
): string {
  let reason = "is busy";
  if (member.suspectSinceMs !== undefined) reason = "is suspect";
  else if (member.draining) reason = "drains";
  else if (batch !== undefined && !member.takes(batch)) {
    reason = `takes no message of ${batch.longest} bytes`;
  } else if (member.unwell !== undefined) reason = member.unwell;
  else if (batch !== undefined && isHeldBy(batch, member)) reason = "has it";
  else if (batch !== undefined && member.accepts(batch, nowMs)) {
    reason = "is ready";
  }
  return `${member.label}: ${reason}`;
}
