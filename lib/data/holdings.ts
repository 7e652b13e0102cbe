/**
 * All that a data node has stored: `data.txt` and the lanes as one, from what a
 * start finds there to the note that the process has ended in order.
 *
 * @module
 */

import type { Contents } from "../store/contents.ts";
import type { Disk } from "../store/disk.ts";
import type { Journal } from "../store/journal.ts";
import type { RecordListener, Recovery } from "../store/journal_opening.ts";
import type { Loss } from "../store/listing.ts";
import type { Restores } from "./restores.ts";

/** What is in the directory of one data node. */
export class Holdings {
  readonly #disk: Disk;
  readonly #contents: Contents;
  readonly #journal: Journal;
  readonly #restores: Restores;
  /** Whether damage was found since the start. */
  #hasDamage = false;

  constructor(
    disk: Disk,
    contents: Contents,
    journal: Journal,
    restores: Restores,
  ) {
    this.#disk = disk;
    this.#contents = contents;
    this.#journal = journal;
    this.#restores = restores;
  }

  /** The journals of all files. */
  get journals(): Journal[] {
    return [this.#journal, ...this.#restores.journals];
  }

  /** Bytes of records that are synced, restored ones among them. */
  get end(): number {
    return this.#journal.end + this.#restores.end;
  }

  /** How many of them may be on no disk all the same, until there is room. */
  get unsureBytes(): number {
    return this.journals.reduce((sum, { unsureBytes }) => sum + unsureBytes, 0);
  }

  /** Whether all that was received is on disk. */
  get isStored(): boolean {
    return this.#journal.idle && this.#restores.idle;
  }

  /** Whether something is damaged or lost, until it is healed. */
  get isDamaged(): boolean {
    return this.#hasDamage || this.losses.length > 0;
  }

  /** What ought to be here and is not, until it is healed. */
  get losses(): readonly Loss[] {
    return this.#contents.losses;
  }

  /** How many bytes that is, at least. */
  get lostBytes(): number {
    return this.losses.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Reads what the directory holds; to be called once.
   *
   * @param record Is told of the records of `data.txt` that were stored last.
   * @returns What was found in all files together.
   * @throws Whatever the disk throws.
   */
  open(record: RecordListener): Recovery {
    this.#contents.read();
    const recovery = this.#journal.open(record);
    const all = [recovery, ...this.#restores.open()];
    // Before anything is stored: this process may not end in order.
    this.#contents.note();
    const damages = all.flatMap(({ damages }) => damages);
    this.#hasDamage = damages.length > 0;
    return {
      ...recovery,
      damages,
      doubt: all.find((one) => one.doubt !== undefined)?.doubt,
      furtherDamages: all.reduce((sum, one) => sum + one.furtherDamages, 0),
      losses: all.flatMap(({ losses }) => losses),
    };
  }

  /** Something is damaged, or lost without being listed. */
  damaged(): void {
    this.#hasDamage = true;
  }

  /** What is lost or damaged was found elsewhere, all of it. */
  healed(): void {
    this.#hasDamage = false;
    for (const journal of this.journals) journal.healed();
    this.#contents.healed();
  }

  /**
   * Notes that this process ends in order; to be called last. Nothing is noted
   * while something is not on disk.
   */
  noteEnd(): void {
    if (!this.isStored || this.#disk.gone() !== undefined) return;
    try {
      for (const journal of this.journals) journal.settle();
      this.#contents.note(true);
    } catch {
      // The next start finds out what is on disk.
    }
  }
}
