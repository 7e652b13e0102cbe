/**
 * The copies that a pass of repair has made: which data nodes are to keep which
 * records, what is on its way to them, and who keeps it instead of one that
 * refuses.
 *
 * @module
 */

import { ByteQueue } from "../../base/byte_queue.ts";
import { RESTORE_OVERHEAD_BYTES } from "../../wire/restore_frames.ts";
import type { Member } from "../members/member.ts";

/** Bytes of one `restore` frame, and its last record. */
const RESTORE_BYTES = 64 * 1024;

/** Records with too few copies that a pass names one by one. */
const NAMED_MAX = 10;

/** A record, and who has it. */
export interface Copied {
  readonly id: string;
  readonly line: Uint8Array;
  /** Ids of those who have it, and of those who are about to. */
  readonly holders: string[];
}

/** Who copies are made for. */
export interface CopiesHost {
  /** Data nodes that may be given records now. */
  targets(): readonly Member[];
  /** A data node is about to be given records to keep. */
  keeps(member: Member): void;
  /** A record still has too few copies, for the reason. */
  lacks(id: string, reason: string): void;
  /** A data node keeps no records for others, for the reason: others are asked. */
  refuses(member: Member, reason: string): void;
  /** A number in `[0, 1)`. */
  random(): number;
}

/** Records that are about to be restored at one data node. */
interface Outgoing {
  readonly lines: ByteQueue;
  records: Copied[];
}

/** A restore that was not answered. */
interface Restoring {
  readonly member: Member;
  /** For how many ticks. */
  ticks: number;
}

/** Places copies of records on members, and sees to it that each is kept. */
export class Copies {
  readonly #host: CopiesHost;
  readonly #left: (member: Member) => void;
  /** What is about to be restored, by data node. */
  readonly #outgoing = new Map<Member, Outgoing>();
  readonly #restoring = new Set<Restoring>();
  /** Those that keep no more for others. */
  readonly #refusing = new Set<Member>();
  #isStopped = false;
  /** Bytes that wait to be restored, or for an answer. */
  inFlightBytes = 0;
  /** Copies that were made and synced. */
  made = 0;
  /** Records that still have too few, for want of data nodes to keep them. */
  unplaced = 0;

  /** @param left Is told of one that left with records on their way to it. */
  constructor(host: CopiesHost, left: (member: Member) => void) {
    this.#host = host;
    this.#left = left;
  }

  /** Has so many others keep a record, as far as there are any. */
  place(record: Copied, missing: number): void {
    const { id, line, holders } = record;
    const bytes = line.length + 1;
    const others = this.#host.targets().filter((member) =>
      !holders.includes(member.id) && !this.#refusing.has(member)
    );
    const targets = others.filter((member) => bytes <= roomOf(member));
    const isTooLong = targets.length < others.length;
    for (; missing > 0 && targets.length > 0; missing--) {
      const index = Math.floor(this.#host.random() * targets.length);
      this.#send(targets[index]!, record);
      targets.splice(index, 1);
    }
    if (missing === 0) return;
    this.unplaced++;
    if (this.unplaced > NAMED_MAX) return;
    this.#host.lacks(
      id,
      isTooLong
        ? `its ${bytes} bytes are more than the dataNodes that lack it take`
        : "no other dataNode is there to keep it",
    );
  }

  /** Nothing more is to be made: the pass is broken off. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Sends what waits for more to be sent with it. */
  flush(): void {
    for (const [member, outgoing] of this.#outgoing) {
      if (outgoing.records.length > 0) this.#restore(member, outgoing);
    }
  }

  /**
   * A tick has passed.
   *
   * @returns One that has not answered for more ticks than this, if there is one.
   */
  tick(ticksMax: number): Member | undefined {
    let mute: Member | undefined;
    for (const restoring of this.#restoring) {
      if (++restoring.ticks > ticksMax) mute = restoring.member;
    }
    return mute;
  }

  #send(member: Member, record: Copied): void {
    const { line } = record;
    const outgoing = this.#outgoing.get(member) ??
      { lines: new ByteQueue(), records: [] };
    this.#outgoing.set(member, outgoing);
    const { lines } = outgoing;
    if (lines.length + line.length + 1 > roomOf(member)) {
      this.#restore(member, outgoing);
    }
    lines.append(line);
    lines.append(LF);
    this.inFlightBytes += line.length + 1;
    record.holders.push(member.id);
    outgoing.records.push(record);
    if (lines.length >= RESTORE_BYTES) this.#restore(member, outgoing);
  }

  #restore(member: Member, outgoing: Outgoing): void {
    const { lines, records } = outgoing;
    const bytes = lines.length;
    const copy = lines.view().slice();
    lines.clear();
    outgoing.records = [];
    if (member.left) {
      this.inFlightBytes -= bytes;
      this.#left(member);
      return;
    }
    this.#host.keeps(member);
    const restoring = { member, ticks: 0 };
    this.#restoring.add(restoring);
    member.restore(copy, (failure) => {
      this.#restoring.delete(restoring);
      this.inFlightBytes -= bytes;
      if (failure === undefined) this.made += records.length;
      else if (member.left) this.#left(member);
      else this.#refused(member, records, failure);
    });
  }

  /** A data node does not keep these: others shall. */
  #refused(member: Member, records: readonly Copied[], reason: string): void {
    if (!this.#refusing.has(member)) this.#host.refuses(member, reason);
    this.#refusing.add(member);
    if (this.#isStopped) return;
    for (const record of records) {
      record.holders.splice(record.holders.indexOf(member.id), 1);
      this.place(record, 1);
    }
  }
}

const LF = new Uint8Array([10]);

/** Bytes of lines that a data node takes in one frame. */
function roomOf({ restoreBytesMax }: Member): number {
  return restoreBytesMax - RESTORE_OVERHEAD_BYTES;
}
