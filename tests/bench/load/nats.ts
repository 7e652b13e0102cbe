/**
 * NATS JetStream: publish with an acknowledgement
 * (docs.nats.io/reference/reference-protocols/nats-protocol).
 */

import { bytesOf, textOf } from "../../../lib/base/ascii.ts";
import type { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { LineAnswers } from "./line_answers.ts";
import { type BenchSession, readUntil, writeAll } from "./protocol.ts";

/** `MSG …`, and then the acknowledgement. */
const LINES = 2;

/** See the module. */
export class NatsSession implements BenchSession {
  readonly #inbox: string;
  readonly #request: Uint8Array;
  readonly #answers = new LineAnswers(
    LINES,
    "M",
    (line) => this.#isPinged = line === "PING",
  );
  #isPinged = false;

  constructor(payload: Uint8Array, index: number) {
    this.#inbox = `inbox.${index}`;
    this.#request = bytesOf(
      `PUB bench.m ${this.#inbox} ${payload.length}\r\n${textOf(payload)}\r\n`,
    );
  }

  get answered(): number {
    return this.#answers.count;
  }

  async open(conn: Deno.TcpConn): Promise<void> {
    await readUntil(conn, "\r\n");
    const stream = JSON.stringify({
      name: "bench",
      subjects: ["bench.>"],
      storage: "file",
    });
    await writeAll(
      conn,
      bytesOf(
        `CONNECT {"verbose":false}\r\nSUB ${this.#inbox} 1\r\n` +
          `PUB $JS.API.STREAM.CREATE.bench ${this.#inbox} ${stream.length}\r\n` +
          `${stream}\r\n`,
      ),
    );
    const said = await readUntil(conn, "}\r\n");
    if (said.includes('"error"')) throw new Error(said);
  }

  ask(out: ByteQueue, count: number): void {
    if (this.#isPinged) out.append(bytesOf("PONG\r\n"));
    this.#isPinged = false;
    for (let i = 0; i < count; i++) out.append(this.#request);
  }

  take(bytes: Uint8Array, length: number): number {
    return this.#answers.take(bytes, length);
  }
}
