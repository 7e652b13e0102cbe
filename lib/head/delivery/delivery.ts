/**
 * Delivery: every batch that a client sends is placed on data nodes, placed
 * again when one of them leaves or refuses, and answered once enough of them
 * have it on disk.
 *
 * Invariants:
 * - A client is answered `stored` only when `wanted` distinct members have
 *   said that they synced its batch.
 * - A batch that is not answered is in flight to a member, waits for one, or
 *   gathers with others (gathering.ts).
 * - Bytes held never grow past the bound by more than one frame: past it, no
 *   session takes more until a quarter is free (held_budget.ts).
 * - Messages that an original data node can take never wait behind longer
 *   ones that it cannot.
 *
 * @module
 */

import { assert } from "../../base/assert.ts";
import type { Clock, Turn } from "../../base/ports.ts";
import { WireError, type WireErrorKind } from "../../wire/errors.ts";
import {
  type Batch,
  type BatchOrigin,
  BatchPool,
  type Holder,
  isHeldBy,
  isStoredBy,
} from "./batch.ts";
import type { HeadEvents } from "../events.ts";
import type { Fifo } from "../../base/fifo.ts";
import { Gathering } from "./gathering.ts";
import { HeldBudget } from "./held_budget.ts";
import { enter, type Ledger } from "./ledger.ts";
import type { Member } from "../members/member.ts";
import { pieceOf, piecesOf } from "./pieces.ts";
import type { Placement } from "./placement.ts";
import { Placing } from "./placing.ts";
import { answeredBefore, Recalls, reuseOf, type Run } from "./recalls.ts";
import { type CopiesWanted, Waiting } from "./waiting.ts";

/** What bounds and shapes delivery. */
export interface DeliveryOptions extends CopiesWanted {
  /** What messages held unanswered count for, in bytes. */
  readonly heldBytesMax: number;
}

/** What delivery needs from outside. */
export interface DeliveryPorts {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly events: HeadEvents;
}

/** Places batches on members until each is answered. */
export class Delivery {
  /** What is neither stored nor refused. */
  readonly held: HeldBudget;
  /** Hears of every answer that says more than those before. */
  ledger: Ledger | undefined;
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  readonly #members: readonly Member[];
  readonly #pool = new BatchPool();
  readonly #gathering: Gathering;
  readonly #recalls: Recalls;
  readonly #placing: Placing;
  /** Batches that lack a member. */
  readonly #waiting: Waiting;
  /** Highest tick heard of; what is stored next comes after it. */
  #tick = 0;

  constructor(
    options: DeliveryOptions,
    members: readonly Member[],
    placement: Placement,
    ports: DeliveryPorts,
  ) {
    this.#options = options;
    this.held = new HeldBudget(options.heldBytesMax);
    this.#members = members;
    this.#clock = ports.clock;
    this.#events = ports.events;
    this.#placing = new Placing(options, members, placement, ports);
    this.#waiting = new Waiting(options, members, ports.clock, ports.events);
    this.#gathering = new Gathering(
      members,
      options.replicas,
      ports,
      (batch) => this.#placeOrWait(batch),
    );
    this.#recalls = new Recalls(
      members,
      ports.clock,
      (batch, runs) => this.#judged(batch, runs),
      (batch) => {
        if (!batch.answered) this.#placeOrWait(batch);
        this.#release(batch);
      },
    );
  }

  /** Batches that are not back in their pool. */
  get batches(): number {
    return this.#pool.taken;
  }

  /** Highest tick heard of. */
  get tick(): number {
    return this.#tick;
  }

  /** Hears of a tick, so that what comes next comes after it. */
  witness(tick: number): void {
    if (tick > this.#tick) this.#tick = tick;
  }

  /** Takes charge of the messages `source[from..to)`; they are copied. */
  admit(
    origin: BatchOrigin,
    source: Uint8Array,
    from: number,
    to: number,
  ): void {
    const batch = this.#pool.take(origin, source, from, to);
    batch.wanted = this.#options.replicas;
    this.held.add(batch);
    this.witness(origin.after);
    this.#gathering.add(batch);
  }

  /** A member has come, or has room again, or time has passed. */
  retryWaiting(): void {
    this.#gathering.review();
    this.#recalls.review();
    for (const queue of this.#waiting.queues) this.#retry(queue);
    this.#waiting.review();
  }

  /** Tries those that wait again; to be called every `TICK_MS`. */
  review(): void {
    this.retryWaiting();
    this.#waiting.tellStuck();
  }

  /** For how long none of the messages that wait or waited was stored, in ms. */
  waitedMs(): number {
    return this.#waiting.waitedMs();
  }

  /** What keeps each data node from taking what waits. */
  whyWaiting(): string[] {
    return this.#waiting.why();
  }

  /** `member` has stored a message of the batch in flight to it. */
  progressed(member: Member): void {
    member.progressed(this.#clock.nowMs());
    for (const batch of member.batches()) this.#waiting.progressed(batch);
  }

  /** `member` has synced the oldest batch in flight to it. */
  stored(member: Member, tick: number): void {
    const batch = member.shift(this.#clock.nowMs());
    if (batch === undefined) return;
    member.rested();
    this.witness(tick);
    if (!batch.answered && !isStoredBy(batch, member)) {
      batch.storedBy.push(member);
      // A suspect that has stored it after all needs no other in its place.
      if (!isHeldBy(batch, member)) batch.holders.push(member);
      if (tick > batch.tick) batch.tick = tick;
      this.#events.stored(batch, member);
      if (batch.storedBy.length >= batch.wanted) this.#answerStored(batch);
    }
    this.#release(batch);
  }

  /**
   * `member` cannot store the oldest `count` batches in flight to it. They go
   * to others; when all others are resting from a refusal too, the clients
   * hear the reason.
   */
  refused(
    member: Member,
    count: number,
    kind: WireErrorKind,
    reason: string,
  ): void {
    if (kind === WireError.reused || kind === WireError.notHere) {
      this.#contested(member, count, kind);
      return;
    }
    const nowMs = this.#clock.nowMs();
    member.rest(nowMs);
    member.unwell = reason;
    this.#waiting.refused();
    const hopeless = this.#members.every((other) => other.rests(nowMs));
    let messages = 0;
    for (let i = 0; i < count; i++) {
      const batch = member.shift(nowMs);
      if (batch === undefined) break;
      messages += batch.count;
      const isLeft = this.#unplace(batch, member) && !batch.answered;
      if (isLeft && hopeless) this.#answerRefused(batch, kind, reason);
      else if (isLeft) this.#placeOrWait(batch);
      this.#release(batch);
    }
    this.#events.memberRefused(member, messages, reason);
  }

  /**
   * `member` is gone: what was in flight to it goes to others. Copies that it
   * has synced still count for batches that are not answered yet: they are on
   * its disk.
   *
   * @returns How many messages are placed anew.
   */
  left(member: Member): number {
    const nowMs = this.#clock.nowMs();
    let placedAnew = 0;
    for (;;) {
      const batch = member.shift(nowMs);
      if (batch === undefined) break;
      const wasPlaced = this.#unplace(batch, member);
      if (!batch.answered && wasPlaced) {
        placedAnew += batch.count;
        this.#placeOrWait(batch);
      }
      this.#release(batch);
    }
    this.#gathering.review();
    return placedAnew;
  }

  /**
   * `member` may be gone: what is in flight to it goes to others too. Should
   * it answer late, that counts all the same.
   *
   * @returns How many messages are placed anew.
   */
  suspected(member: Member): number {
    let placedAnew = 0;
    for (const batch of member.batches()) {
      if (batch.answered || !this.#unplace(batch, member)) continue;
      placedAnew += batch.count;
      this.#placeOrWait(batch);
    }
    return placedAnew;
  }

  /**
   * What a data node has stored may be gone, so it counts no more for batches
   * that are not answered yet. They get another copy, on it or elsewhere.
   *
   * @param id Its id: it may have stored them in a former life.
   */
  lost(id: string): void {
    const robbed = new Set<Batch>();
    const look = (batch: Batch) => {
      if (batch.answered) return;
      if (batch.storedBy.some((member) => member.id === id)) robbed.add(batch);
    };
    for (const batch of this.#waiting.batches()) look(batch);
    for (const member of this.#members) {
      for (const batch of member.batches()) look(batch);
    }
    for (const batch of robbed) {
      for (const member of batch.storedBy.filter((one) => one.id === id)) {
        batch.storedBy.splice(batch.storedBy.indexOf(member), 1);
        this.#unplace(batch, member);
      }
      this.#placeOrWait(batch);
    }
  }

  /**
   * `member` has other messages under the ids of the oldest `count` batches, or
   * has heard that they were answered and cannot compare them. That is no fault
   * of its own: all members are asked, and what is known to be another message
   * is refused.
   */
  #contested(member: Member, count: number, kind: WireErrorKind): void {
    for (let i = 0; i < count; i++) {
      const batch = member.shift(this.#clock.nowMs());
      if (batch === undefined) break;
      const isLeft = this.#unplace(batch, member) && !batch.answered;
      if (isLeft) this.#contest(batch, kind);
      this.#release(batch);
    }
  }

  #contest(batch: Batch, kind: WireErrorKind): void {
    const { past } = batch.sender;
    // Another copy of it lacks a member; before it gets one, all are asked.
    if (batch.waiting) past.recalledAt = 0;
    else if (batch.recalledAt === 0) this.#recalls.ask(batch);
    else if (batch.count > 1) this.#breakUp(batch);
    else {
      const reason = kind === WireError.reused
        ? past.reused ??= reuseOf(batch)
        : answeredBefore(batch);
      this.#answerRefused(batch, WireError.reused, reason);
    }
  }

  /** All members were asked about `batch`, which falls into such runs. */
  #judged(batch: Batch, runs: readonly Run[]): void {
    if (batch.answered) {
      this.#release(batch);
      return;
    }
    const [only] = runs;
    if (runs.length === 1) this.#follow(batch, only!);
    else {
      let first = 0;
      let at = 0;
      for (const run of runs) {
        const piece = pieceOf(batch, this.#pool, first, run.count, at);
        first += run.count;
        at += piece.length;
        piece.wanted = this.#options.replicas;
        piece.recalledAt = batch.recalledAt;
        this.#follow(piece, run);
      }
      batch.answered = true;
      this.#release(batch);
    }
    this.#release(batch);
  }

  #follow(batch: Batch, { refusal, isKnown, knowers }: Run): void {
    if (refusal !== undefined) {
      this.#answerRefused(batch, WireError.reused, refusal);
      return;
    }
    batch.isVerified = isKnown;
    batch.knowers.push(...knowers);
    this.#placeOrWait(batch);
  }

  #placeOrWait(batch: Batch): void {
    if (batch.waiting) return;
    if (this.#recalls.isDue(batch)) {
      this.#recalls.ask(batch);
      return;
    }
    // Those that wait already go first, or none would keep its order.
    if (!this.#waiting.hasBefore(batch) && this.#place(batch)) return;
    if (batch.answered) return;
    if (this.#placing.isTooLong(batch)) {
      this.#breakUp(batch);
      return;
    }
    this.#waiting.add(batch, this.#placing.live(batch));
  }

  /** Places those that wait, the oldest first, until one must wait on. */
  #retry(queue: Fifo<Batch>): void {
    for (;;) {
      const batch = queue.at(0);
      if (batch === undefined) return;
      if (!batch.answered && this.#recalls.isDue(batch)) {
        queue.shift();
        this.#recalls.ask(batch);
        this.#release(batch);
        continue;
      }
      const isDone = batch.answered || this.#place(batch);
      if (!isDone && !this.#placing.isTooLong(batch)) return;
      this.#waiting.shift(queue);
      if (!isDone) this.#breakUp(batch);
      this.#release(batch);
    }
  }

  /**
   * No member takes the batch as it is: refuses a message that is too long, or
   * goes on with each of several by itself, since others may fit.
   */
  #breakUp(batch: Batch): void {
    const { count, longest } = batch;
    if (count === 1) {
      const reason = `no dataNode here takes a message of ${longest} bytes`;
      this.#answerRefused(batch, WireError.tooLong, reason);
      return;
    }
    for (const piece of piecesOf(batch, this.#pool)) {
      piece.wanted = this.#options.replicas;
      this.#placeOrWait(piece);
    }
    batch.answered = true;
    this.#release(batch);
  }

  /** Places the copies that `batch` lacks. @returns False when it must wait. */
  #place(batch: Batch): boolean {
    if (!this.#placing.place(batch)) return false;
    // Fewer may be wanted now than when it was first placed.
    if (batch.storedBy.length >= batch.wanted) this.#answerStored(batch);
    return true;
  }

  /**
   * Forgets that `batch` was to be stored by `holder`. What it has stored
   * stays: a suspect that was given a batch twice may store one and refuse the
   * other.
   *
   * @returns False if that was forgotten before, or is not so.
   */
  #unplace(batch: Batch, holder: Holder): boolean {
    if (isStoredBy(batch, holder)) return false;
    const index = batch.holders.indexOf(holder);
    if (index >= 0) batch.holders.splice(index, 1);
    return index >= 0;
  }

  #answerStored(batch: Batch): void {
    for (const holder of batch.storedBy) {
      assert(isHeldBy(batch, holder), "who stored a batch does not hold it");
    }
    if (this.ledger !== undefined) {
      enter(this.ledger, batch, this.#options.replicas);
    }
    this.#settle(batch, true);
    batch.sender.stored(batch);
    this.#release(batch);
    this.held.wake();
  }

  #answerRefused(batch: Batch, kind: WireErrorKind, reason: string): void {
    this.#events.refused(batch, reason);
    this.#settle(batch, false);
    batch.sender.refused(batch, kind, reason);
    this.#release(batch);
    this.held.wake();
  }

  /**
   * Notes that a batch has its answer. It must be called before its sender
   * hears of that: the sender may send the next message within the same call,
   * and asks whether there is room for it.
   */
  #settle(batch: Batch, isStored: boolean): void {
    assert(!batch.answered, "a batch was answered twice");
    batch.answered = true;
    this.#waiting.settled(batch, isStored);
    this.held.remove(batch);
  }

  #release(batch: Batch): void {
    this.#pool.release(batch);
  }
}
