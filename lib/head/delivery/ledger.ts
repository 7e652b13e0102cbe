/**
 * The ledger: on how many disks messages were when their client was told so.
 * That is what an answer can be held to, whatever flags are later (roster.ts).
 *
 * @module
 */

import type { Batch } from "./batch.ts";
import type { Member } from "../members/member.ts";

/** Who keeps these books. */
export interface Ledger {
  /** A client is about to hear that its messages are on so many disks. */
  acknowledged(member: Member, copies: number): void;
  /** They are fewer than they should be, and these have them. */
  acknowledgedFew(members: readonly Member[]): void;
  /** The same of messages that no data node has that can be read back. */
  acknowledgedUnreadable(messages: number): void;
}

/** Enters a batch that is about to be answered, where it says something new. */
export function enter(ledger: Ledger, batch: Batch, replicas: number): void {
  let copies = 0;
  for (const { isReadable } of batch.storedBy) if (isReadable) copies++;
  if (copies === 0) ledger.acknowledgedUnreadable(batch.count);
  if (copies < replicas) ledger.acknowledgedFew(batch.storedBy);
  for (const member of batch.storedBy) {
    if (member.isReadable && copies < member.copies) {
      ledger.acknowledged(member, copies);
    }
  }
}
