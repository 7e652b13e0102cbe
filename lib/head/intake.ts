/**
 * Intake: when a client's session must stop taking messages, and when it goes
 * on. Three bounds: what this client has unanswered, what the head holds of
 * all clients, and what this client has not read of its answers.
 *
 * @module
 */

import { CLIENT_WINDOW_MESSAGES, SEND_BYTES_HIGH } from "../limits.ts";
import type { Link } from "../ports.ts";
import { type Batch, costOf, type Sender } from "./batch.ts";
import type { HeadContext } from "./context.ts";
import type { Held } from "./held.ts";

/** See the module. */
export class Intake {
  readonly #sender: Sender;
  readonly #link: Link;
  readonly #held: Held;
  readonly #windowBytes: number;
  #cost = 0;
  #messages = 0;
  #paused = false;

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
    if (!this.#isOverBounds()) return false;
    this.#paused = true;
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
    if (!this.#paused || this.#isOverBounds()) return;
    this.#paused = false;
    this.#link.resume();
  }

  /** Whoever is over a bound is told when that may have changed. */
  #isOverBounds(): boolean {
    if (
      this.#cost >= this.#windowBytes ||
      this.#messages >= CLIENT_WINDOW_MESSAGES ||
      this.#link.out.length >= SEND_BYTES_HIGH
    ) return true;
    if (!this.#held.full) return false;
    this.#held.block(this.#sender);
    return true;
  }
}
