/**
 * What a data node tells of itself. The role writes it to the logs; the
 * simulation checks it.
 *
 * @module
 */

import type { Loss } from "../store/listing.ts";
import type { BatchHeader } from "../store/record.ts";
import type { Unread } from "./scrub.ts";
import type { SetAside } from "../store/set_aside.ts";

/** What a data core reports, as it happens. */
export interface DataEvents {
  /** A head took this node in. */
  headJoined(address: string, encoding: string): void;
  /**
   * A head does not take this node in: it has a member with the same id, which
   * is this one before its end was noticed, or one with a copied directory.
   *
   * @param otherLife Of that one, if the head has said it (twin_watch.ts).
   */
  twinMet(
    address: string,
    reason: string,
    otherLife: string | undefined,
  ): void;
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
  /**
   * A scrub has read all there is.
   *
   * @param furtherDamages Damages that were found beyond those told.
   * @param unread What could not be read, if anything.
   */
  scrubbed(
    bytes: number,
    furtherDamages: number,
    unread: Unread | undefined,
  ): void;
  /** What it was told of data nodes is not understood, and was set aside. */
  peersUnread(reason: string): void;
  /** Others remember that it had so many bytes more than are here. */
  outrun(bytes: number): void;
  /** Others have taken away what was stored, while this node ran. */
  lost(loss: Loss): void;
  /**
   * Nothing can be stored. Told once for each reason, until it can again.
   *
   * @param wasAsked Whether a write failed, and what it held was answered as
   * not stored; else a look at the files has found it.
   */
  diskFailed(reason: string, wasAsked: boolean): void;
}
