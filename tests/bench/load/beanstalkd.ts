/** beanstalkd: put (doc/protocol.txt of its sources). */

import { bytesOf, textOf } from "../../../lib/wire/ascii.ts";
import type { ByteQueue } from "../../../lib/wire/byte_queue.ts";
import { LineAnswers } from "./line_answers.ts";
import type { BenchSession } from "./protocol.ts";

/** See the module. */
export class BeanstalkdSession implements BenchSession {
  readonly #request: Uint8Array;
  /** `INSERTED 17` */
  readonly #answers = new LineAnswers(1, "I");

  constructor(payload: Uint8Array) {
    this.#request = bytesOf(
      `put 0 0 60 ${payload.length}\r\n${textOf(payload)}\r\n`,
    );
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
