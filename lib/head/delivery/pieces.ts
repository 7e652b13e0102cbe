/**
 * A batch taken apart where it cannot stay together.
 *
 * @module
 */

import { MESSAGE_HEADER_BYTES } from "../../wire/client_frames.ts";
import { readU32 } from "../../base/little_endian.ts";
import type { Batch, BatchPool } from "./batch.ts";

/** Each message of a batch as a batch of one; they share what it cost. */
export function* piecesOf(batch: Batch, pool: BatchPool): Iterable<Batch> {
  for (let i = 0, at = 0; i < batch.count; i++) {
    const piece = pieceOf(batch, pool, i, 1, at);
    at += piece.length;
    yield piece;
  }
}

/**
 * So many messages of a batch as a batch of their own.
 *
 * @param first The first of them, counted from 0.
 * @param at Where it begins among the bytes.
 */
export function pieceOf(
  batch: Batch,
  pool: BatchPool,
  first: number,
  count: number,
  at: number,
): Batch {
  let end = at;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const length = readU32(batch.bytes, end);
    if (length > longest) longest = length;
    end += MESSAGE_HEADER_BYTES + length;
  }
  const firstSequence = batch.firstSequence + first;
  const piece = pool.take(
    { ...batch, firstSequence, count, longest },
    batch.bytes,
    at,
    end,
  );
  piece.hasWaited = batch.hasWaited;
  // The first has what the batch counted for beside its bytes, which is nothing
  // if it is a piece itself and was not the first.
  const beside = first === 0 ? batch.cost - batch.length : 0;
  piece.cost = end - at + beside;
  return piece;
}
