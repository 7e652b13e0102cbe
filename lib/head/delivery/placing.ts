/**
 * Placing: on which members the copies go that a batch lacks, and how many it
 * is to have. Fewer than asked are made only if the operator allowed it and too
 * few data nodes live, counting those that have a copy already.
 *
 * @module
 */

import { assert } from "../../base/assert.ts";
import type { Clock } from "../../base/ports.ts";
import type { HeadEvents } from "../events.ts";
import type { Member } from "../members/member.ts";
import { type Batch, isHeldBy } from "./batch.ts";
import type { Placement } from "./placement.ts";
import type { CopiesWanted } from "./waiting.ts";

/** Gives members their copies of a batch, all that it lacks or none. */
export class Placing {
  readonly #options: CopiesWanted;
  readonly #members: readonly Member[];
  readonly #placement: Placement;
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  /** Members that a batch may be placed on; filled anew for each. */
  readonly #candidates: Member[] = [];
  /** Those of them that were chosen for it. */
  readonly #chosen: Member[] = [];
  /** How many copies were wanted of the batch before. */
  #copiesLast: number;

  constructor(
    options: CopiesWanted,
    members: readonly Member[],
    placement: Placement,
    ports: { readonly clock: Clock; readonly events: HeadEvents },
  ) {
    this.#options = options;
    this.#members = members;
    this.#placement = placement;
    this.#clock = ports.clock;
    this.#events = ports.events;
    this.#copiesLast = options.replicas;
  }

  /** Places the copies that `batch` lacks. @returns False when it must wait. */
  place(batch: Batch): boolean {
    const nowMs = this.#clock.nowMs();
    const candidates = this.#candidates;
    candidates.length = 0;
    for (const member of this.#members) {
      if (
        member.accepts(batch, nowMs) && !isHeldBy(batch, member)
      ) candidates.push(member);
    }
    const wanted = this.#copiesPossible(batch);
    // Late suspects that have stored it after all can make holders too many.
    const lacking = Math.max(0, wanted - batch.holders.length);
    if (lacking > candidates.length) return false;
    batch.wanted = wanted;
    if (wanted !== this.#copiesLast) {
      this.#copiesLast = wanted;
      this.#events.fewerCopies(wanted, this.#options.replicas);
    }
    const chosen = this.#chosen;
    chosen.length = 0;
    for (let i = 0; i < lacking; i++) {
      const index = this.#knowerAmong(batch) ?? this.#placement(candidates);
      chosen.push(candidates[index]!);
      batch.holders.push(candidates[index]!);
      candidates[index] = candidates[candidates.length - 1]!;
      candidates.pop();
    }
    // All holders are known before the first copy goes out and names them.
    for (const member of chosen) {
      this.#events.placed(batch, member);
      member.place(batch, nowMs);
    }
    assert(chosen.length === lacking, "a batch was placed amid another");
    return true;
  }

  /** Which of the candidates has `batch` already, if one has. */
  #knowerAmong({ knowers }: Batch): number | undefined {
    if (knowers.length === 0) return undefined;
    const index = this.#candidates.findIndex((one) => knowers.includes(one));
    return index < 0 ? undefined : index;
  }

  /** Members that could take a batch, now or as soon as they have room. */
  live(batch: Batch): number {
    let live = 0;
    for (const member of this.#members) if (isFit(member, batch)) live++;
    return live;
  }

  /** Copies to make now: fewer than asked only if the operator allowed it. */
  #copiesPossible(batch: Batch): number {
    const { replicas, minReplicas } = this.#options;
    if (minReplicas === replicas) return replicas;
    let live = this.live(batch);
    // Who has a copy, or may yet store one, need not be fit to take another;
    // but one that is back is counted already.
    for (const { id } of batch.holders) {
      const isLive = this.#members.some((member) =>
        member.id === id && isFit(member, batch)
      );
      if (!isLive) live++;
    }
    return live >= replicas ? replicas : Math.max(minReplicas, live);
  }

  /** Whether members are there, and none of them takes such a message. */
  isTooLong(batch: Batch): boolean {
    return this.#members.length > 0 &&
      !this.#members.some((member) => member.takes(batch));
  }
}

/** Whether a member could take a batch, now or as soon as it has room. */
function isFit(member: Member, batch: Batch): boolean {
  return member.suspectSinceMs === undefined && !member.isFailing &&
    !member.draining && member.takes(batch);
}
