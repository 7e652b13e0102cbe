/**
 * Delivery: every batch that a client sends is placed on data nodes, placed
 * again when one of them leaves or refuses, and answered once enough of them
 * have it on disk.
 *
 * Invariants:
 * - A client is answered `stored` only when `wanted` distinct members have
 *   said that they synced its batch.
 * - A batch that is neither answered nor waiting is in flight to a member.
 * - Bytes held never grow past the bound by more than one frame of each
 *   connection: past it, sessions take no more ({@linkcode Delivery.full}).
 *
 * @module
 */

import { STORE_TIMEOUT_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { WireError, type WireErrorKind } from "../wire/errors.ts";
import {
  type Batch,
  type BatchOrigin,
  BatchPool,
  type Sender,
} from "./batch.ts";
import type { HeadEvents } from "./events.ts";
import { Fifo } from "../fifo.ts";
import type { Member } from "./member.ts";
import type { Placement } from "./placement.ts";

/** What bounds and shapes delivery. */
export interface DeliveryOptions {
  /** Copies of each message. */
  readonly replicas: number;
  /** Copies that suffice while fewer data nodes than `replicas` live. */
  readonly minReplicas: number;
  /** Bytes of messages held unanswered. */
  readonly heldBytesMax: number;
}

/** See the module. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #placement: Placement;
  readonly #events: HeadEvents;
  readonly #members: readonly Member[];
  readonly #pool = new BatchPool();
  /** Batches that lack a member, in the order they came. */
  readonly #waiting = new Fifo<Batch>();
  /** Senders that are not read from until there is room. */
  readonly #blocked = new Set<Sender>();
  /** Members that a batch may be placed on; filled anew for each. */
  readonly #candidates: Member[] = [];
  #heldBytes = 0;
  #heldMessages = 0;
  #holding = false;
  #shut = false;
  #releasedMessages = 0;
  #copiesLast: number;
  /** Highest tick heard of; what is stored next comes after it. */
  #tick = 0;

  constructor(
    options: DeliveryOptions,
    members: readonly Member[],
    placement: Placement,
    clock: Clock,
    events: HeadEvents,
  ) {
    this.#options = options;
    this.#members = members;
    this.#placement = placement;
    this.#clock = clock;
    this.#events = events;
    this.#copiesLast = options.replicas;
  }

  /** Whether sessions should take no more messages for now. */
  get full(): boolean {
    return this.#shut || this.#heldBytes >= this.#options.heldBytesMax;
  }

  /** Takes no more messages from now on. */
  shut(): void {
    this.#shut = true;
  }

  /** Bytes of messages that are not answered. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages that are not answered. */
  get heldMessages(): number {
    return this.#heldMessages;
  }

  /** Highest tick heard of. */
  get tick(): number {
    return this.#tick;
  }

  /** Hears of a tick, so that what comes next comes after it. */
  witness(tick: number): void {
    if (tick > this.#tick) this.#tick = tick;
  }

  /** Calls `sender.unblocked` once there is room again. */
  block(sender: Sender): void {
    this.#blocked.add(sender);
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
    batch.references = 1;
    this.#heldBytes += batch.length;
    this.#heldMessages += batch.count;
    this.witness(origin.after);
    this.#placeOrWait(batch);
  }

  /** A member has come, or has room again. */
  retryWaiting(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.at(0)!;
      if (!batch.answered && !this.#place(batch)) break;
      this.#waiting.shift();
      batch.waiting = false;
      this.#releasedMessages += batch.count;
      this.#release(batch);
    }
    if (this.#waiting.length === 0 && this.#holding) {
      this.#holding = false;
      this.#events.released(this.#releasedMessages);
      this.#releasedMessages = 0;
    }
  }

  /** `member` has synced the oldest batch in flight to it. */
  stored(member: Member, tick: number): void {
    const batch = member.shift(this.#clock.nowMs());
    if (batch === undefined) return;
    member.rested();
    this.witness(tick);
    if (!batch.answered) {
      batch.storedBy.push(member);
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
    const nowMs = this.#clock.nowMs();
    member.rest(nowMs);
    const hopeless = this.#members.every((other) => other.rests(nowMs));
    let messages = 0;
    for (let i = 0; i < count; i++) {
      const batch = member.shift(nowMs);
      if (batch === undefined) break;
      messages += batch.count;
      this.#unplace(batch, member);
      if (!batch.answered && hopeless) {
        this.#answerRefused(batch, kind, reason);
      } else if (!batch.answered) {
        this.#placeOrWait(batch);
      }
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
      this.#unplace(batch, member);
      if (!batch.answered) {
        placedAnew += batch.count;
        this.#placeOrWait(batch);
      }
      this.#release(batch);
    }
    return placedAnew;
  }

  /** Members that have not answered for too long, as of now. */
  hungMembers(): Member[] {
    const nowMs = this.#clock.nowMs();
    return this.#members.filter((member) =>
      member.waitedMs(nowMs) > STORE_TIMEOUT_MS
    );
  }

  #placeOrWait(batch: Batch): void {
    // Those that wait already go first, or none would keep its order.
    if (this.#waiting.length === 0 && this.#place(batch)) return;
    if (batch.answered || batch.waiting) return;
    if (this.#isTooLong(batch)) {
      this.#answerRefused(
        batch,
        WireError.tooLong,
        `no dataNode here takes a message of ${batch.length} bytes`,
      );
      return;
    }
    batch.waiting = true;
    batch.references++;
    this.#waiting.push(batch);
    const live = this.#members.length;
    if (!this.#holding && live < this.#options.minReplicas) {
      this.#holding = true;
      this.#releasedMessages = 0;
      this.#events.holding(live, this.#options.minReplicas);
    }
  }

  /** Places the copies that `batch` lacks. @returns False when it must wait. */
  #place(batch: Batch): boolean {
    const nowMs = this.#clock.nowMs();
    const candidates = this.#candidates;
    candidates.length = 0;
    for (const member of this.#members) {
      if (
        member.accepts(batch, nowMs) && !isHeldBy(batch, member)
      ) candidates.push(member);
    }
    const wanted = this.#copiesPossible();
    const lacking = wanted - batch.holders.length;
    if (lacking > candidates.length) return false;
    batch.wanted = wanted;
    if (wanted !== this.#copiesLast) {
      this.#copiesLast = wanted;
      this.#events.fewerCopies(wanted, this.#options.replicas);
    }
    const chosenFrom = batch.holders.length;
    for (let i = 0; i < lacking; i++) {
      const index = this.#placement(candidates);
      batch.holders.push(candidates[index]!);
      candidates[index] = candidates[candidates.length - 1]!;
      candidates.pop();
    }
    // All holders are known before the first copy goes out and names them.
    for (let i = chosenFrom; i < batch.holders.length; i++) {
      const member = batch.holders[i]!;
      this.#events.placed(batch, member);
      member.place(batch, nowMs);
    }
    // Fewer may be wanted now than when it was first placed.
    if (batch.storedBy.length >= wanted) this.#answerStored(batch);
    return true;
  }

  /** Copies to make now: fewer than asked only if the operator allowed it. */
  #copiesPossible(): number {
    const { replicas, minReplicas } = this.#options;
    const live = this.#members.length;
    return live >= replicas ? replicas : Math.max(minReplicas, live);
  }

  /** Forgets that `batch` was to be stored by `member`. */
  #unplace(batch: Batch, member: Member): void {
    const index = batch.holders.indexOf(member);
    if (index >= 0) batch.holders.splice(index, 1);
  }

  /** Whether members are there, and none of them takes such a message. */
  #isTooLong(batch: Batch): boolean {
    return this.#members.length > 0 &&
      !this.#members.some((member) => member.takes(batch));
  }

  #answerStored(batch: Batch): void {
    batch.answered = true;
    batch.sender.stored(batch);
    this.#settled(batch);
  }

  #answerRefused(batch: Batch, kind: WireErrorKind, reason: string): void {
    batch.answered = true;
    this.#events.refused(batch, reason);
    batch.sender.refused(batch, kind, reason);
    this.#settled(batch);
  }

  #settled(batch: Batch): void {
    this.#heldBytes -= batch.length;
    this.#heldMessages -= batch.count;
    this.#release(batch);
    if (this.#blocked.size > 0 && !this.full) {
      const senders = [...this.#blocked];
      this.#blocked.clear();
      for (const sender of senders) sender.unblocked();
    }
  }

  #release(batch: Batch): void {
    batch.references--;
    if (batch.references === 0) this.#pool.give(batch);
  }
}

/**
 * Whether a copy is on this data node, or on its way there. By id: one that
 * left and came back is another member, on the same disk.
 */
function isHeldBy(batch: Batch, member: Member): boolean {
  for (const holder of batch.holders) if (holder.id === member.id) return true;
  return false;
}
