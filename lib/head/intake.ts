/**
 * Intake: when a client's session must stop taking messages, and when it goes
 * on. Three bounds: what this client has unanswered, what the head holds of
 * all clients, and what this client has not read of its answers.
 *
 * @module
 */

import {
  CLIENT_WINDOW_BYTES,
  CLIENT_WINDOW_MESSAGES,
  SEND_BYTES_HIGH,
} from "../limits.ts";
import type { Link } from "../ports.ts";
import type { Batch, Sender } from "./batch.ts";
import type { Delivery } from "./delivery.ts";

/** See the module. */
export class Intake {
  readonly #link: Link;
  readonly #delivery: Delivery;
  #bytes = 0;
  #messages = 0;
  #paused = false;

  constructor(link: Link, delivery: Delivery) {
    this.#link = link;
    this.#delivery = delivery;
  }

  /** Messages taken and not answered. */
  get unanswered(): number {
    return this.#messages;
  }

  /** Whether to take no more now; then the link is paused until there is room. */
  isShut(sender: Sender): boolean {
    if (this.#delivery.full) this.#delivery.block(sender);
    else if (!this.#isOverOwnBounds()) return false;
    this.#paused = true;
    this.#link.pause();
    return true;
  }

  /** A batch of so many bytes and messages was taken. */
  took(bytes: number, messages: number): void {
    this.#bytes += bytes;
    this.#messages += messages;
  }

  /** A batch was answered. */
  answered(batch: Batch): void {
    this.#bytes -= batch.length;
    this.#messages -= batch.count;
    this.reopen();
  }

  /** Lets the link go on if it was paused and there is room now. */
  reopen(): void {
    if (!this.#paused || this.#delivery.full || this.#isOverOwnBounds()) return;
    this.#paused = false;
    this.#link.resume();
  }

  #isOverOwnBounds(): boolean {
    return this.#bytes >= CLIENT_WINDOW_BYTES ||
      this.#messages >= CLIENT_WINDOW_MESSAGES ||
      this.#link.out.length >= SEND_BYTES_HIGH;
  }
}
