/**
 * A batch taken apart, message by message, where it cannot stay together.
 *
 * @module
 */

import { MESSAGE_HEADER_BYTES } from "../wire/client_frames.ts";
import { readU32 } from "../wire/little_endian.ts";
import { type Batch, type BatchPool, costOf } from "./batch.ts";

/** Each message of a batch as a batch of one; they share what it cost. */
export function* piecesOf(batch: Batch, pool: BatchPool): Iterable<Batch> {
  for (let i = 0, at = 0; i < batch.count; i++) {
    const length = readU32(batch.bytes, at);
    const end = at + MESSAGE_HEADER_BYTES + length;
    const firstSequence = batch.firstSequence + i;
    const piece = pool.take(
      { ...batch, firstSequence, count: 1, longest: length },
      batch.bytes,
      at,
      end,
    );
    piece.cost = i === 0 ? costOf(end - at) : end - at;
    at = end;
    yield piece;
  }
}
