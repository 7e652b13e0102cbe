/**
 * What keeps heads from sending faster than the disk writes.
 *
 * @module
 */

import type { Link } from "../base/ports.ts";
import type { DataContext, HeadSession } from "./context.ts";

/** The gate of a session with a head: shut while the journal takes no more. */
export class Gate {
  readonly #data: DataContext;
  readonly #link: Link;
  #paused = false;

  constructor(data: DataContext, link: Link) {
    this.#data = data;
    this.#link = link;
  }

  /** Whether the link is paused. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** Whether to take no more now; the link is paused then, until it may. */
  isShut(session: HeadSession): boolean {
    if (!this.#data.journal.full) return false;
    this.#paused = true;
    this.#link.pause();
    this.#data.block(session);
    return true;
  }

  /** The journal takes records again. */
  reopen(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#link.resume();
  }
}
