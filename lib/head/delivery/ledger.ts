/**
 * The ledger: on how many disks messages were when their client was told so.
 * That is what an answer can be held to, whatever flags are later (roster.ts).
 *
 * @module
 */

import type { Batch, Holder } from "./batch.ts";

/** Who keeps these books. */
export interface Ledger {
  /** A client is about to hear that its messages are on so many disks. */
  acknowledged(holder: Holder, copies: number): void;
  /** They are fewer than they should be, and these have them. */
  acknowledgedFew(holders: readonly Holder[]): void;
  /** A client is about to hear that its messages are where none can be read. */
  acknowledgedUnreadable(messages: number): void;
}

/** Enters a batch that is about to be answered, where it says something new. */
export function enter(ledger: Ledger, batch: Batch, replicas: number): void {
  let copies = 0;
  for (const { isReadable } of batch.storedBy) if (isReadable) copies++;
  if (copies === 0) ledger.acknowledgedUnreadable(batch.count);
  if (copies < replicas) ledger.acknowledgedFew(batch.storedBy);
  for (const holder of batch.storedBy) {
    if (holder.isReadable && copies < holder.copies) {
      ledger.acknowledged(holder, copies);
    }
  }
}
