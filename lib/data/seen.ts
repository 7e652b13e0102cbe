/**
 * The memory by which a data node answers a message that is sent again without
 * writing it again, and refuses one that comes under the id of another.
 *
 * For each of the clients heard of last: the floor below which everything has
 * been answered, and the print (print.ts) of each message that is stored here,
 * below the floor too, for as long as there is memory. Whoever is answered
 * "stored" has sent these very bytes: a client that begins again under a used
 * id is told that it did.
 *
 * A client that falls out of the table may have a message stored twice, and is
 * not noticed when it sends others under its old id; a reader takes the first.
 *
 * @module
 */

import { MESSAGE_HEADER_BYTES } from "../wire/client_frames.ts";
import { readU32 } from "../base/little_endian.ts";
import { nameOf } from "../base/names.ts";
import { PerCommit } from "../store/per_commit.ts";
import { printOf } from "../wire/print.ts";
import { PAGE_PRINTS, type PageTable, PrintPages } from "./print_pages.ts";

/** Clients remembered, about half a KiB each: some 8 MiB. */
export const SEEN_CLIENTS_MAX = 16_384;

/** Pages of prints remembered: four million messages, 16 MiB. */
const SEEN_PAGES_MAX = 32_768;

/** What is known of messages that come. */
export const Known = {
  /** One of them at least is new, and none is in doubt. */
  no: 0,
  /** All of them are stored, or will be with {@linkcode Seen.commit}. */
  yes: 1,
  /** One of them at least is not the message that is stored under its id. */
  another: 2,
  /**
   * One of them at least was answered before, and is not remembered here: its
   * client does not wait for it, or is another one under the same id.
   */
  answered: 3,
} as const;
/** See {@linkcode Known}. */
export type Known = typeof Known[keyof typeof Known];

interface Entry {
  floor: number;
  /** Past the highest sequence that was noted. */
  end: number;
  readonly pages: PageTable;
  /** The last commit with messages of this client. */
  commit: number;
}

/** Runs of messages that are part of one commit. */
interface Noted {
  count: number;
  readonly entries: Entry[];
  readonly firsts: number[];
  readonly counts: number[];
}

/** What is told of a client. */
export interface Recalled {
  floor: number;
  end: number;
  /** Prints, as far as there are some; valid until the next question. */
  prints: Uint32Array;
}

/** What this data node has stored lately, by clients and their sequences. */
export class Seen {
  /** After {@linkcode Known.yes}: the commit to wait for, 0 when it was before the start. */
  commit = 0;
  readonly #clientsMax: number;
  /** Least lately heard of first. */
  readonly #entries = new Map<string, Entry>();
  /** Who was heard of last. */
  #latest = "";
  readonly #pages: PrintPages;
  readonly #noted = new PerCommit<Noted>(newNoted, (noted) => {
    noted.count = 0;
  });
  readonly #recalled: Recalled = {
    floor: 0,
    end: 0,
    prints: new Uint32Array(),
  };

  /**
   * @param clientsMax Clients remembered; the least lately heard of go.
   * @param pagesMax Pages of prints remembered, a power of two.
   */
  constructor(
    clientsMax: number = SEEN_CLIENTS_MAX,
    pagesMax: number = SEEN_PAGES_MAX,
  ) {
    this.#clientsMax = clientsMax;
    this.#pages = new PrintPages(pagesMax);
  }

  /** Clients remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Notes messages that become part of a commit.
   *
   * @param theirs The print of each, and maybe more behind.
   */
  add(
    clientId: Uint8Array,
    floor: number,
    firstSequence: number,
    count: number,
    commit: number,
    theirs: Readonly<Uint32Array>,
  ): void {
    const entry = this.#heard(clientId, floor);
    entry.commit = commit;
    const noted = this.#noted.at(commit);
    const end = firstSequence + count;
    if (end > entry.end) entry.end = end;
    let number = Math.floor(firstSequence / PAGE_PRINTS);
    let i = firstSequence - number * PAGE_PRINTS;
    let base = this.#pageOf(entry, number);
    let { prints } = this.#pages;
    let newFrom = firstSequence;
    for (let n = 0; n < count; n++, i++) {
      if (i === PAGE_PRINTS) {
        i = 0;
        base = this.#pageOf(entry, ++number);
        // To begin a page may make room for more of them.
        prints = this.#pages.prints;
      }
      const print = theirs[n]!;
      if (prints[base + i] === print) {
        // An earlier commit has it, whatever becomes of this one.
        const sequence = firstSequence + n;
        note(noted, entry, newFrom, sequence - newFrom);
        newFrom = sequence + 1;
      } else prints[base + i] = print;
    }
    note(noted, entry, newFrom, end - newFrom);
  }

  /** Notes a message `bytes[from..to)` that was stored before the start. */
  addStored(
    clientId: Uint8Array,
    floor: number,
    sequence: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const entry = this.#heard(clientId, floor);
    if (sequence >= entry.end) entry.end = sequence + 1;
    const number = Math.floor(sequence / PAGE_PRINTS);
    const base = this.#pageOf(entry, number);
    this.#pages.prints[base + sequence - number * PAGE_PRINTS] = printOf(
      bytes,
      from,
      to,
    );
  }

  /** What is known of these messages. */
  check(
    clientId: Uint8Array,
    firstSequence: number,
    count: number,
    messages: Uint8Array,
    from: number,
  ): Known {
    const key = nameOf(clientId, 0, clientId.length);
    const entry = this.#entries.get(key);
    // Most come for the first time, and are past all that was noted.
    if (entry === undefined || firstSequence >= entry.end) return Known.no;
    this.commit = entry.commit;
    let known: Known = Known.yes;
    const { prints } = this.#pages;
    let number = Math.floor(firstSequence / PAGE_PRINTS);
    let i = firstSequence - number * PAGE_PRINTS;
    let base = entry.pages.get(number);
    let at = from;
    for (let n = 0; n < count; n++, i++) {
      if (i === PAGE_PRINTS) {
        i = 0;
        base = entry.pages.get(++number);
      }
      const start = at + MESSAGE_HEADER_BYTES;
      at = start + readU32(messages, at);
      const print = base === undefined ? 0 : prints[base + i]!;
      if (print !== 0) {
        if (print !== printOf(messages, start, at)) return Known.another;
      } else if (firstSequence + n < entry.floor) {
        known = Known.answered;
      } else if (known === Known.yes) known = Known.no;
    }
    return known;
  }

  /** What is known of a client: for a head that is about to place its messages. */
  recall(
    clientId: Uint8Array,
    firstSequence: number,
    count: number,
  ): Readonly<Recalled> {
    const recalled = this.#recalled;
    const entry = this.#entries.get(nameOf(clientId, 0, clientId.length));
    recalled.floor = entry?.floor ?? 0;
    recalled.end = entry?.end ?? 0;
    const length = Math.max(
      0,
      Math.min(firstSequence + count, recalled.end) - firstSequence,
    );
    const prints = new Uint32Array(length);
    let last = 0;
    for (let n = 0; n < length; n++) {
      const at = placeOf(entry!, firstSequence + n);
      if (at < 0) continue;
      prints[n] = this.#pages.prints[at]!;
      if (prints[n] !== 0) last = n + 1;
    }
    recalled.prints = prints.subarray(0, last);
    return recalled;
  }

  /** A commit is on disk: what was noted for it stays. */
  keep(commit: number): void {
    this.#noted.done(commit);
  }

  /**
   * Forgets what was noted for a commit that has failed. Floors stay: that what
   * is below them has been answered does not depend on this disk.
   */
  forget(commit: number): void {
    const noted = this.#noted.at(commit);
    for (let i = 0; i < noted.count; i++) {
      const first = noted.firsts[i]!;
      for (let n = noted.counts[i]! - 1; n >= 0; n--) {
        const at = placeOf(noted.entries[i]!, first + n);
        if (at >= 0) this.#pages.prints[at] = 0;
      }
    }
    this.#noted.done(commit);
  }

  /** Forgets what is stored here: what was may be gone. Floors stay. */
  clear(): void {
    this.#pages.prints.fill(0);
  }

  /** The entry of a client that is heard of now. */
  #heard(clientId: Uint8Array, floor: number): Entry {
    const key = nameOf(clientId, 0, clientId.length);
    const entry = this.#entries.get(key) ?? newEntry();
    if (key !== this.#latest || !this.#entries.has(key)) {
      this.#latest = key;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      if (this.#entries.size > this.#clientsMax) {
        const [oldest] = this.#entries.keys();
        this.#entries.delete(oldest!);
      }
    }
    if (floor > entry.floor) entry.floor = floor;
    if (floor > entry.end) entry.end = floor;
    return entry;
  }

  #pageOf({ pages }: Entry, number: number): number {
    return pages.get(number) ?? this.#pages.begin(pages, number);
  }
}

function newEntry(): Entry {
  return { floor: 0, end: 0, pages: new Map(), commit: 0 };
}

function newNoted(): Noted {
  return { count: 0, entries: [], firsts: [], counts: [] };
}

/** Adds a run, if it is one, in the memory of a commit that is done. */
function note(noted: Noted, entry: Entry, first: number, count: number): void {
  if (count === 0) return;
  const i = noted.count++;
  noted.entries[i] = entry;
  noted.firsts[i] = first;
  noted.counts[i] = count;
}

/** Where a print is among all; -1 where there is no page for it. */
function placeOf({ pages }: Entry, sequence: number): number {
  const number = Math.floor(sequence / PAGE_PRINTS);
  const base = pages.get(number);
  return base === undefined ? -1 : base + sequence - number * PAGE_PRINTS;
}
