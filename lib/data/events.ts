/**
 * What a data node tells of itself. The role writes it to the logs; the
 * simulation checks it.
 *
 * @module
 */

import type { SetAside } from "../store/journal.ts";
import type { BatchHeader } from "../store/record.ts";

/** What a data core reports, as it happens. */
export interface DataEvents {
  /** A head took this node in. */
  headJoined(address: string, encoding: string): void;
  /**
   * A head does not take this node in: it has a member with the same id, which
   * is this one before its end was noticed, or one with a copied directory.
   */
  twinMet(reason: string): void;
  /** A head is absent: why, and when it is called next. */
  headLost(address: string, reason: string, nextCallInMs: number): void;
  /**
   * Messages were appended, and will be synced with a commit; the arrays are
   * valid only during the call.
   *
   * @param from Where in `messages` the first one begins, as frames have it.
   */
  appended(
    header: BatchHeader,
    messages: Uint8Array,
    from: number,
    count: number,
    commit: number,
  ): void;
  /** What was appended for a commit is on disk, or, with a reason, is not. */
  committed(commit: number, failure: string | undefined): void;
  /** A segment was sealed, because it is full or for the reason given. */
  sealed(name: string, reason: string | undefined): void;
  /** A scrub has found bytes that are no record any more. */
  damaged(found: SetAside): void;
  /** A scrub has read all there is. */
  scrubbed(bytes: number): void;
  /** What it was told of data nodes is not understood, and was set aside. */
  peersUnread(reason: string): void;
  /** So many bytes are gone that this data node once had. */
  lost(bytes: number): void;
  /** A commit failed; what it held was answered as not stored. */
  diskFailed(reason: string): void;
}
