/**
 * The gate of a client's session: when it stops taking messages, and when it
 * goes on. Three bounds: what this client has unanswered, what the head holds
 * of all clients, and what this client has not read of its answers.
 *
 * @module
 */

import { CLIENT_WINDOW_MESSAGES, SEND_BYTES_HIGH } from "../../base/limits.ts";
import type { Link } from "../../base/ports.ts";
import { type Batch, costOf, type Sender } from "../delivery/batch.ts";
import type { HeadContext } from "../context.ts";
import type { HeldBudget } from "../delivery/held_budget.ts";

/** Pauses the link of one client while a bound is passed. */
export class Gate {
  readonly #sender: Sender;
  readonly #link: Link;
  readonly #held: HeldBudget;
  readonly #windowBytes: number;
  #cost = 0;
  #messages = 0;
  #paused = false;
  /** Whether a message is what the paused link offers next. */
  #isMessageNext = false;

  constructor(sender: Sender, link: Link, context: HeadContext) {
    this.#sender = sender;
    this.#link = link;
    this.#held = context.delivery.held;
    this.#windowBytes = context.clientWindowBytes;
  }

  /** Messages taken and not answered. */
  get unanswered(): number {
    return this.#messages;
  }

  /** Whether the link is paused. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** Whether to take no more now; then the link is paused until there is room. */
  isShut(): boolean {
    return this.#pauseIf(this.#isOverBounds(), true);
  }

  /**
   * Whether to take no more for now of what is no message: then the link is
   * paused until the client has read its answers. Whoever asks for records does
   * not wait for messages of others that nobody can store.
   */
  isClogged(): boolean {
    return this.#pauseIf(this.#isUnread(), false);
  }

  #pauseIf(isOver: boolean, forMessage: boolean): boolean {
    if (!isOver) return false;
    this.#paused = true;
    this.#isMessageNext = forMessage;
    this.#link.pause();
    return true;
  }

  /** So many messages were taken, with so many bytes together. */
  took(bytes: number, messages: number): void {
    this.#cost += costOf(bytes);
    this.#messages += messages;
  }

  /** A batch was answered. */
  answered(batch: Batch): void {
    this.#cost -= batch.cost;
    this.#messages -= batch.count;
    this.reopen();
  }

  /** Lets the link go on if it was paused and there is room now. */
  reopen(): void {
    if (!this.#paused) return;
    if (this.#isMessageNext ? this.#isOverBounds() : this.#isUnread()) return;
    this.#paused = false;
    this.#link.resume();
  }

  /** Whether the client has not read what it was answered. */
  #isUnread(): boolean {
    return this.#link.out.length >= SEND_BYTES_HIGH;
  }

  /**
   * Whether one of the three bounds is passed. If it is the head's, the sender
   * is called (`unblocked`) once the head has room.
   */
  #isOverBounds(): boolean {
    if (
      this.#cost >= this.#windowBytes ||
      this.#messages >= CLIENT_WINDOW_MESSAGES || this.#isUnread()
    ) return true;
    if (!this.#held.full) return false;
    this.#held.block(this.#sender);
    return true;
  }
}
