/** Records for tests: short to write, and whole. */

import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { writeMessage } from "../../lib/wire/client_frames.ts";
import { type BatchHeader, writeRecords } from "../../lib/store/record.ts";

/** The data node that records of tests are on. */
export const HOLDER = "a1b2c3d4";

/** The header of a batch that begins with this sequence. */
export function headerOf(firstSequence: number): BatchHeader {
  return {
    timeMs: 1_795_458_225_123,
    clientId: bytesOf("k3v9x2ab"),
    firstSequence,
    floor: 1,
    tick: firstSequence,
    holders: bytesOf(HOLDER),
  };
}

/** The messages as a frame's payload carries them. */
export function payloadOf(messages: readonly (string | Uint8Array)[]) {
  const all = messages.map((m) => typeof m === "string" ? bytesOf(m) : m);
  const payload = new Uint8Array(
    all.reduce((sum, m) => sum + 4 + m.length, 0),
  );
  let at = 0;
  for (const m of all) at = writeMessage(payload, at, m, 0, m.length);
  return payload;
}

/** One line of `data.txt`, with its ending. */
export function lineOf(
  sequence: number,
  message: string | Uint8Array,
): Uint8Array {
  const out = new ByteQueue();
  writeRecords(out, headerOf(sequence), payloadOf([message]), 0, 1);
  return out.view().slice();
}

/** Byte arrays, one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
