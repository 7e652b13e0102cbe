/**
 * Asking a head or a server for its status, or a head to forget a data node:
 * one line, and the answer to it.
 *
 * @module
 */

import { bytesOf, textOf } from "../base/ascii.ts";
import { ByteQueue } from "../base/byte_queue.ts";
import { parseStatus, type Status } from "../wire/status.ts";
import { FORGET, FORGOTTEN, STATUS } from "../wire/words.ts";
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
  const said = await ask(address, STATUS, timeoutMs);
  if (said.failure !== undefined) return said.failure;
  return parseStatus(said.answer) ?? unexpected(said.answer);
}

/**
 * Tells the head at `host:port` to let a data node go.
 *
 * @param timeoutMs For the whole of it, from finding its address on.
 * @returns In words why it does not; undefined when it has.
 */
export async function askToForget(
  address: string,
  id: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const said = await ask(address, `${FORGET} ${id}`, timeoutMs);
  if (said.failure !== undefined) return said.failure;
  if (said.answer === `${FORGOTTEN} ${id}\n`) return undefined;
  const reason = /^error [\w-]+: (.*)\n$/.exec(said.answer)?.[1];
  return reason ?? unexpected(said.answer);
}

function unexpected(answer: string): string {
  return `it answers ${JSON.stringify(answer.slice(0, 80).trimEnd())}`;
}

/** Says one line to whoever listens, and takes what it answers to the end. */
async function ask(
  address: string,
  question: string,
  timeoutMs: number,
): Promise<
  | { readonly answer: string; readonly failure?: undefined }
  | { readonly failure: string }
> {
  const deadlineMs = performance.now() + timeoutMs;
  let conn: Deno.TcpConn;
  try {
    conn = await connectTo(address, timeoutMs);
  } catch (error) {
    return { failure: whyNotConnected(error) };
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    conn.close();
  }, deadlineMs - performance.now());
  try {
    await conn.write(bytesOf(`${question}\n`));
    return { answer: textOf(await readToEnd(conn)) };
  } catch (error) {
    const failure = isLate
      ? `no answer within ${timeoutMs / 1000} s`
      : whyNotConnected(error);
    return { failure };
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
