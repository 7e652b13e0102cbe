/** Requests that are always the same text, each answered in its turn. */

import type { ByteQueue } from "../../../lib/base/byte_queue.ts";
import type { LineAnswers } from "./line_answers.ts";
import type { BenchSession } from "./protocol.ts";

/** See the module. */
export class TextSession implements BenchSession {
  readonly #request: Uint8Array;
  readonly #answers: LineAnswers;

  constructor(request: Uint8Array, answers: LineAnswers) {
    this.#request = request;
    this.#answers = answers;
  }

  get answered(): number {
    return this.#answers.count;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  ask(out: ByteQueue, count: number): void {
    for (let i = 0; i < count; i++) out.append(this.#request);
  }

  take(bytes: Uint8Array, length: number): number {
    return this.#answers.take(bytes, length);
  }
}
