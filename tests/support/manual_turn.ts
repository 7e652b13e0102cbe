/** A turn that ends when a test says so. */

import type { Turn } from "../../lib/base/ports.ts";

export class ManualTurn implements Turn {
  #before: (() => void)[] = [];
  #sending: (() => void)[] = [];

  beforeSending(job: () => void): void {
    this.#before.push(job);
  }

  sending(job: () => void): void {
    this.#sending.push(job);
  }

  /** Ends the turn, and those that its jobs begin. */
  end(): void {
    while (this.#before.length + this.#sending.length > 0) {
      const before = this.#before;
      const sending = this.#sending;
      this.#before = [];
      this.#sending = [];
      for (const job of before) job();
      for (const job of sending) job();
    }
  }
}
