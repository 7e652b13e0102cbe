/** Lines that come back as they were sent, after an original's handshake. */

import { bytesOf } from "../../../lib/base/ascii.ts";
import type { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { type BenchSession, readUntil, writeAll } from "./protocol.ts";

/** See the module. */
export class EchoSession implements BenchSession {
  answered = 0;
  readonly #line: Uint8Array;
  /** Bytes of a line that has come in part. */
  #rest = 0;

  constructor(payload: Uint8Array) {
    this.#line = new Uint8Array(payload.length + 1);
    this.#line.set(payload);
    this.#line[payload.length] = 10;
  }

  async open(conn: Deno.TcpConn): Promise<void> {
    await writeAll(conn, bytesOf("peticion\n"));
    await readUntil(conn, "confirmacion\n");
  }

  ask(out: ByteQueue, count: number): void {
    for (let i = 0; i < count; i++) out.append(this.#line);
  }

  take(_bytes: Uint8Array, length: number): number {
    this.#rest += length;
    const lines = Math.floor(this.#rest / this.#line.length);
    this.answered += lines;
    this.#rest -= lines * this.#line.length;
    return length;
  }
}
