/** Redis Streams: XADD, in RESP (redis.io/docs/reference/protocol-spec). */

import { bytesOf, textOf } from "../../../lib/wire/ascii.ts";
import type { ByteQueue } from "../../../lib/wire/byte_queue.ts";
import { LineAnswers } from "./line_answers.ts";
import type { BenchSession } from "./protocol.ts";

/** An answer is `$15`, and then the id of the entry. */
const LINES = 2;

/** See the module. */
export class RedisSession implements BenchSession {
  readonly #request: Uint8Array;
  readonly #answers = new LineAnswers(LINES, "$");

  constructor(payload: Uint8Array) {
    this.#request = bytesOf(
      `*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nm\r\n` +
        `$${payload.length}\r\n${textOf(payload)}\r\n`,
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
