/**
 * What a head holds unanswered: its bound, and the clients that are not read
 * from until there is room.
 *
 * @module
 */

import { assert } from "../../base/assert.ts";
import type { Batch, Sender } from "./batch.ts";

/**
 * Share of the bound that must be free before clients are read again; less
 * would wake all of them for each message that is answered.
 */
const FREE_SHARE = 0.25;

/** How much more may be held; whom to wake when there is room. */
export class HeldBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  #messages = 0;
  #isOverBound = false;
  #isShut = false;
  readonly #blocked = new Set<Sender>();

  /** @param bytesMax What messages held may count for, in bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What messages held count for, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages held. */
  get messages(): number {
    return this.#messages;
  }

  /** Whether sessions should take no more messages for now. */
  get full(): boolean {
    return this.#isShut || this.#isOverBound;
  }

  /** Is full from now on. */
  shut(): void {
    this.#isShut = true;
  }

  /** Counts a batch. */
  add(batch: Batch): void {
    this.#bytes += batch.cost;
    this.#messages += batch.count;
    if (this.#bytes >= this.#bytesMax) this.#isOverBound = true;
  }

  /** Counts a batch no more. */
  remove(batch: Batch): void {
    this.#bytes -= batch.cost;
    this.#messages -= batch.count;
    assert(
      this.#bytes >= 0 && this.#messages >= 0,
      "more was let go of than was held",
    );
    if (this.#bytes <= this.#bytesMax * (1 - FREE_SHARE)) {
      this.#isOverBound = false;
    }
  }

  /** Calls `sender.unblocked` once there is room again. */
  block(sender: Sender): void {
    this.#blocked.add(sender);
  }

  /** Tells those that wait, in the order they came, while there is room. */
  wake(): void {
    for (const sender of this.#blocked) {
      if (this.full) return;
      this.#blocked.delete(sender);
      sender.unblocked();
    }
  }
}
