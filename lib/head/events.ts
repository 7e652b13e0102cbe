/**
 * What a head tells of itself. The role writes it to the logs; the simulation
 * checks it.
 *
 * @module
 */

import type { Batch } from "./delivery/batch.ts";
import type { Member } from "./members/member.ts";
import type { RepairProgress } from "./repair/repair_pass.ts";
import type { ReturningMember } from "./members/former_member.ts";

/** What a head core reports, as it happens. */
export interface HeadEvents {
  /** A connection was refused, before or at its handshake. */
  refusedPeer(label: string, reason: string): void;
  clientJoined(label: string, encoding: string): void;
  clientLeft(label: string, reason: string): void;
  /** @param before What it was before, if it was a member before. */
  memberJoined(
    member: Member,
    encoding: string,
    before: ReturningMember | undefined,
  ): void;
  /**
   * It gets no new messages for now, for the reason in words.
   *
   * @param redelivered How many messages in flight to it are placed anew.
   */
  memberSuspected(member: Member, evidence: string, redelivered: number): void;
  /** It answers again, after so long. */
  memberTrusted(member: Member, suspectMs: number): void;
  /** It is put out, for the reason in words; that it left is told next. */
  memberDied(member: Member, evidence: string): void;
  /** @param redelivered How many messages are placed anew because of it. */
  memberLeft(member: Member, reason: string, redelivered: number): void;
  /**
   * What is known of data nodes cannot be written down, for the reason; it is
   * tried again. Undefined: it is written now.
   */
  nodesUnsaved(reason: string | undefined): void;
  /** A member has so many bytes fewer than it once had synced. */
  memberLost(member: Member, bytes: number): void;
  /** A member says why it cannot store now. */
  memberUnwell(member: Member, reason: string): void;
  /** A data node was let go, because somebody asked for it. */
  nodeForgotten(id: string): void;
  /** A member has found records of its own damaged. */
  memberDamaged(member: Member): void;
  /** Copies that too few data nodes have are being made again. */
  repairBegan(nodesAway: number): void;
  /** How far that is. */
  repairing(progress: RepairProgress, sinceMs: number): void;
  /**
   * It is done: whether nothing is missing, or else why something may be.
   */
  repaired(
    progress: RepairProgress,
    sinceMs: number,
    doubt: string | undefined,
  ): void;
  /** A record still has too few copies, for the reason. */
  repairLacks(id: string, reason: string): void;
  /** A member keeps no records for others, who are asked instead. */
  repairRefused(member: Member, reason: string): void;
  /** It was broken off, and begins again later. */
  repairGivenUp(reason: string, retryMs: number): void;
  /**
   * Data nodes stay away, and fewer are left than each record should have
   * copies: theirs cannot be made again.
   *
   * @param away The ids of those that are away.
   */
  fewToCopyTo(here: number, replicas: number, away: string): void;
  /** There are enough again. */
  enoughToCopyTo(here: number): void;
  /** A member asked for no more messages. */
  memberDraining(member: Member): void;
  /** It left, with nothing in flight to it. */
  memberDrained(member: Member): void;
  /** A batch was given to a member; once for each copy. */
  placed(batch: Batch, member: Member): void;
  /** A member has synced a batch; once for each copy. */
  stored(batch: Batch, member: Member): void;
  /** A member could not store messages; another is tried. */
  memberRefused(member: Member, messages: number, reason: string): void;
  /** A client was told that its batch cannot be stored. */
  refused(batch: Batch, reason: string): void;
  /**
   * Messages wait, because too few data nodes are there that can take them.
   *
   * @param reasons In words, of each data node; none if there is none.
   */
  holding(live: number, needed: number, reasons: readonly string[]): void;
  /** Nothing that waits was stored for some seconds, for these reasons. */
  stuck(messages: number, waitedMs: number, reasons: readonly string[]): void;
  /** None waits any more; so many of those that did are stored. */
  released(messages: number): void;
  /** A batch gets fewer copies than `--replicas`, as `--min-replicas` allows. */
  fewerCopies(copies: number, replicas: number): void;
}
