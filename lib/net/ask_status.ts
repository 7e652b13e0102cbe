/**
 * Asking a head or a server for its status.
 *
 * @module
 */

import { bytesOf, textOf } from "../wire/ascii.ts";
import { ByteQueue } from "../wire/byte_queue.ts";
import { parseStatus, type Status } from "../wire/status.ts";
import { STATUS } from "../wire/words.ts";
import { connectTo, whyNotConnected } from "./dial.ts";

/** Longest answer that is read, in bytes: some ten thousand data nodes. */
const STATUS_BYTES_MAX = 1024 * 1024;

/**
 * Asks `host:port` how it is.
 *
 * @param timeoutMs For the whole of it, from finding its address on.
 * @returns Its status, or in words why there is none.
 */
export async function askStatus(
  address: string,
  timeoutMs: number,
): Promise<Status | string> {
  const deadlineMs = performance.now() + timeoutMs;
  let conn: Deno.TcpConn;
  try {
    conn = await connectTo(address, timeoutMs);
  } catch (error) {
    return whyNotConnected(error);
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    conn.close();
  }, deadlineMs - performance.now());
  try {
    await conn.write(bytesOf(`${STATUS}\n`));
    const answer = textOf(await readToEnd(conn));
    return parseStatus(answer) ??
      `it answers ${JSON.stringify(answer.slice(0, 80).trimEnd())}`;
  } catch (error) {
    return isLate
      ? `no answer within ${timeoutMs / 1000} s`
      : whyNotConnected(error);
  } finally {
    clearTimeout(timer);
    if (!isLate) conn.close();
  }
}

async function readToEnd(conn: Deno.TcpConn): Promise<Uint8Array> {
  const said = new ByteQueue();
  const buffer = new Uint8Array(16 * 1024);
  while (said.length < STATUS_BYTES_MAX) {
    const length = await conn.read(buffer);
    if (length === null) break;
    said.append(buffer, 0, length);
  }
  return said.view();
}
