/**
 * What the load generator needs to speak with a peer: how a connection begins,
 * how messages are put on it, and how answers are told apart.
 */

import type { ByteQueue } from "../../../lib/base/byte_queue.ts";

/** One connection to a peer. */
export interface BenchSession {
  /** Makes the connection ready for messages. */
  open(conn: Deno.TcpConn): Promise<void>;
  /** Appends `count` messages to `out`. */
  ask(out: ByteQueue, count: number): void;
  /**
   * Takes whole answers from `bytes[0..length)`.
   *
   * @returns How many bytes were used.
   * @throws An answer says that a message was not stored.
   */
  take(bytes: Uint8Array, length: number): number;
  /** Messages answered so far. */
  readonly answered: number;
}

/** Makes the session of connection `index`, whose messages are `payload`. */
export type NewSession = (payload: Uint8Array, index: number) => BenchSession;

/** Writes all of `bytes`. */
export async function writeAll(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(at === 0 ? bytes : bytes.subarray(at));
  }
}

/** Reads until what was said ends with `ending`. @returns All of it. */
export async function readUntil(
  conn: Deno.TcpConn,
  ending: string,
): Promise<string> {
  const buffer = new Uint8Array(16 * 1024);
  const decoder = new TextDecoder();
  let said = "";
  while (!said.endsWith(ending)) {
    const length = await conn.read(buffer);
    if (length === null) throw new Error(`closed after ${said}`);
    said += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return said;
}
