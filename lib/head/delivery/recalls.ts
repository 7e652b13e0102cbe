/**
 * Recalls: before the first messages of a client are placed, every data node
 * that is here is asked what it knows of that client.
 *
 * A message goes to one data node of many, so the one it is placed on may never
 * have heard of an earlier message under the same id, and a reader that meets
 * both takes one. Only all of them together can tell that an id is new, and
 * most are: then that was the only question. Messages whose sequences somebody
 * has heard of are compared, and go on in runs that share a fate:
 * - those that data nodes have are placed on these again, which answer;
 * - one that is another than before is refused, and so is what its client sends
 *   from then on: the id was used for other messages;
 * - one that was answered before, and that no data node here has, is refused,
 *   since it cannot be compared; its client may come again later;
 * - the rest is new.
 *
 * A data node that joins is asked about whoever sends next. One that is away,
 * hangs or has forgotten is not heard: what only it knows is not noticed.
 *
 * @module
 */

import type { Clock } from "../../base/ports.ts";
import { textOf } from "../../base/ascii.ts";
import { printsOf } from "../../wire/print.ts";
import { printsIn, readPrint } from "../../wire/recall_frames.ts";
import type { Batch, Past } from "./batch.ts";
import type { Member, Recalled } from "../members/member.ts";

/** Messages in a row that share a fate. */
export interface Run {
  readonly count: number;
  /** Why they are refused; undefined when they are to be placed. */
  readonly refusal: string | undefined;
  /** Whether they are stored somewhere, as they are. */
  readonly isKnown: boolean;
  /** Members that have them. */
  readonly knowers: readonly Member[];
}

/**
 * Time for members to answer, in ms. A client waits for it with the first
 * message alone, and only if one of them hangs and is not suspect yet.
 */
const RECALL_MS_MAX = 500;

/** Members that are told apart for one message: the bits of a number. */
const KNOWERS_MAX = 31;

/** What is found of one message. */
const Found = { nothing: 0, same: 1, another: 2, answered: 3 } as const;

interface Asking {
  readonly batch: Batch;
  readonly past: Past;
  readonly sinceMs: number;
  /** Whether others of the client wait for the answers. */
  readonly isFirst: boolean;
  /** Who was asked. */
  readonly members: readonly Member[];
  /** Those who have not answered yet. */
  readonly unanswered: Set<Member>;
  /** Every sequence below was answered before. */
  floor: number;
  /** By message; made when somebody knows one of them. */
  prints: Uint32Array | undefined;
  readonly found: Uint8Array;
  /** By message, a bit for each member that has it. */
  readonly knowers: Uint32Array;
}

/** Asks members about batches, and hands each back with what they know. */
export class Recalls {
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  readonly #judged: (batch: Batch, runs: readonly Run[]) => void;
  readonly #again: (batch: Batch) => void;
  readonly #asking = new Set<Asking>();
  #waiting = 0;

  /**
   * @param judged Is told what is to become of a batch that was asked about.
   * @param again Is given a batch that waited for another of its client.
   */
  constructor(
    members: readonly Member[],
    clock: Clock,
    judged: (batch: Batch, runs: readonly Run[]) => void,
    again: (batch: Batch) => void,
  ) {
    this.#members = members;
    this.#clock = clock;
    this.#judged = judged;
    this.#again = again;
  }

  /** Batches that wait for answers. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether members are to be asked before a batch is placed. */
  isDue(batch: Batch): boolean {
    const { past } = batch.sender;
    const newest = this.#members.at(-1)?.number ?? 0;
    if (newest <= batch.recalledAt || batch.holders.length > 0) return false;
    return newest > past.recalledAt || batch.firstSequence < past.end ||
      past.reused !== undefined;
  }

  /** Asks all members about a batch, which waits; it may be judged at once. */
  ask(batch: Batch): void {
    batch.waiting = true;
    batch.references++;
    this.#waiting++;
    const { past } = batch.sender;
    // What its client sends meanwhile need not be asked for by itself.
    if (past.waiting !== undefined) {
      past.waiting.push(batch);
      return;
    }
    batch.recalledAt = this.#members.at(-1)?.number ?? 0;
    const isFirst = batch.recalledAt > past.recalledAt;
    if (isFirst) past.waiting = [];
    const members = this.#members.filter((member) =>
      member.isRecaller && member.suspectSinceMs === undefined
    );
    const { firstSequence, count } = batch;
    const asking: Asking = {
      batch,
      past,
      isFirst,
      sinceMs: this.#clock.nowMs(),
      members,
      unanswered: new Set(members),
      floor: 0,
      prints: undefined,
      found: new Uint8Array(count),
      knowers: new Uint32Array(count),
    };
    this.#asking.add(asking);
    for (const member of members) {
      member.recall(
        batch.sender.clientId,
        firstSequence,
        count,
        (answer) => this.#answered(asking, member, answer),
      );
    }
    if (members.length === 0) this.#end(asking);
  }

  /** Time has passed, or members have gone. */
  review(): void {
    if (this.#asking.size === 0) return;
    const nowMs = this.#clock.nowMs();
    for (const asking of this.#asking) {
      let isHopeful = nowMs - asking.sinceMs < RECALL_MS_MAX;
      if (isHopeful) {
        isHopeful = false;
        for (const { left, suspectSinceMs } of asking.unanswered) {
          if (!left && suspectSinceMs === undefined) isHopeful = true;
        }
      }
      if (!isHopeful) this.#end(asking);
    }
  }

  #answered(
    asking: Asking,
    member: Member,
    answer: Recalled | undefined,
  ): void {
    if (!asking.unanswered.delete(member)) return;
    if (answer !== undefined) this.#compare(asking, member, answer);
    if (asking.unanswered.size === 0) this.#end(asking);
  }

  /** Compares the messages with what a member knows of them. */
  #compare(asking: Asking, member: Member, answer: Recalled): void {
    const { batch, past, found, knowers, members } = asking;
    const { floor, end, bytes, from, to } = answer;
    if (floor > asking.floor) asking.floor = floor;
    if (end > past.end) past.end = end;
    const count = Math.min(printsIn(from, to), batch.count);
    if (count === 0 || batch.answered) return;
    asking.prints ??= printsOf(batch.bytes, 0, batch.count);
    const index = members.indexOf(member);
    const bit = index < KNOWERS_MAX ? 1 << index : 0;
    for (let i = 0; i < count; i++) {
      const print = readPrint(bytes, from, i);
      if (print === 0) continue;
      if (print !== asking.prints[i]) {
        found[i] = Found.another;
        knowers[i] = 0;
        past.reused ??= reuseOf(batch, i);
      } else if (found[i] !== Found.another) {
        found[i] = Found.same;
        knowers[i]! |= bit;
      }
    }
  }

  #end(asking: Asking): void {
    const { batch, past, isFirst } = asking;
    this.#asking.delete(asking);
    asking.unanswered.clear();
    const waiting = isFirst ? past.waiting ?? [] : [];
    if (isFirst) {
      past.waiting = undefined;
      past.recalledAt = batch.recalledAt;
    }
    this.#release(batch);
    this.#judged(batch, runsOf(asking));
    for (const next of waiting) {
      this.#release(next);
      this.#again(next);
    }
  }

  #release(batch: Batch): void {
    batch.waiting = false;
    this.#waiting--;
  }
}

/** The messages of a batch, by what is to become of them. */
function runsOf(
  { batch, past, found, knowers, members, floor }: Asking,
): Run[] {
  const { firstSequence, count } = batch;
  for (let i = 0; i < count; i++) {
    if (found[i] === Found.same) continue;
    // Whoever sends another message may send no new one either.
    if (past.reused !== undefined) found[i] = Found.another;
    else if (firstSequence + i < floor) found[i] = Found.answered;
  }
  const runs: Run[] = [];
  for (let first = 0, i = 1; i <= count; i++) {
    if (
      i < count && found[i] === found[first] && knowers[i] === knowers[first]
    ) continue;
    const bits = knowers[first]!;
    runs.push({
      count: i - first,
      refusal: found[first] === Found.another
        ? past.reused
        : found[first] === Found.answered
        ? answeredBefore(batch, first, i)
        : undefined,
      isKnown: found[first] === Found.same,
      knowers: bits === 0
        ? []
        : members.filter((_, index) => (bits >>> index & 1) === 1),
    });
    first = i;
  }
  return runs;
}

/** Why a client may send nothing more: its message `i` gives it away. */
export function reuseOf({ sender, firstSequence }: Batch, i = 0): string {
  const id = textOf(sender.clientId);
  return `client id ${id} was used for other messages before: ` +
    `${id}-${firstSequence + i} is another one`;
}

/** Why the messages from `first` to `end` of a batch are refused. */
export function answeredBefore(
  { sender, firstSequence, count }: Batch,
  first = 0,
  end: number = count,
): string {
  const isOne = end === first + 1;
  const last = isOne ? "" : `..${firstSequence + end - 1}`;
  return `${textOf(sender.clientId)}-${firstSequence + first}${last} ` +
    `${isOne ? "was" : "were"} answered before, and no dataNode that is here ` +
    `has ${
      isOne ? "it" : "them"
    }: use a new client id, or wait until all are ` +
    "here";
}
