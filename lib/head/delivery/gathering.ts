/**
 * Gathering: batches that have come and are not placed yet, because those that
 * are placed together share a write, a sync and an answer.
 *
 * A sync costs a data node as much as dozens of small messages do, so what
 * arrives in one turn is placed when that turn ends, and not before as many
 * batches have gathered as are on their way: the answers set the pace, as they
 * do in Nagle's algorithm (RFC 896). So a lone client never waits; a hundred of
 * them, each with one message in flight, fall into two groups, one of which is
 * on disk while the other is answered. Nobody waits for one who is late.
 *
 * @module
 */

import { GROUP_BYTES } from "../../base/limits.ts";
import type { Clock, Turn } from "../../base/ports.ts";
import type { Batch } from "./batch.ts";
import type { Member } from "../members/member.ts";

/**
 * Time for which a data node that has not answered sets the pace, in ms: what
 * a sync takes on a disk that turns. Past it, waiting costs more than a shared
 * sync saves. It is looked at when something comes, is answered or is lost, and
 * with each tick, so a message may wait for a tick longer.
 */
const PACE_MS_MAX = 10;

/** Batches that go on together when the turn ends, or when enough have come. */
export class Gathering {
  readonly #members: readonly Member[];
  readonly #turn: Turn;
  readonly #clock: Clock;
  readonly #copies: number;
  readonly #place: (batch: Batch) => void;
  #batches: Batch[] = [];
  /** Changes places with `#batches`. */
  #spare: Batch[] = [];
  /** Of their messages. */
  #bytes = 0;
  #isReviewDue = false;
  readonly #review = () => {
    this.#isReviewDue = false;
    if (this.#isEnough()) this.#release();
  };

  /**
   * @param copies Of each batch, which are in flight one by one.
   * @param place Takes over a batch; several in a row are a group.
   */
  constructor(
    members: readonly Member[],
    copies: number,
    ports: { readonly turn: Turn; readonly clock: Clock },
    place: (batch: Batch) => void,
  ) {
    this.#members = members;
    this.#copies = copies;
    this.#turn = ports.turn;
    this.#clock = ports.clock;
    this.#place = place;
  }

  /** Takes a batch in. */
  add(batch: Batch): void {
    this.#batches.push(batch);
    this.#bytes += batch.length;
    this.review();
  }

  /**
   * Looks again, when the turn ends, whether to go on: something was answered,
   * or time has passed.
   */
  review(): void {
    if (this.#isReviewDue || this.#batches.length === 0) return;
    this.#isReviewDue = true;
    this.#turn.beforeSending(this.#review);
  }

  #isEnough(): boolean {
    if (this.#bytes >= GROUP_BYTES) return true;
    const nowMs = this.#clock.nowMs();
    let underWay = 0;
    for (const member of this.#members) {
      // A member that has not answered for long does not set the pace. What was
      // placed on one and not sent does not either: it has not begun.
      if (member.isShared && member.waitedMs(nowMs) < PACE_MS_MAX) {
        underWay += member.sent;
      }
    }
    return this.#batches.length * this.#copies >= underWay;
  }

  #release(): void {
    const group = this.#batches;
    this.#batches = this.#spare;
    this.#spare = group;
    this.#bytes = 0;
    for (const batch of group) this.#place(batch);
    group.length = 0;
  }
}
