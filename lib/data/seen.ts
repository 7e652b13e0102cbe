/**
 * What this data node has stored lately, so that a message that is sent again
 * is answered, and not written again.
 *
 * For each of the clients heard of last: the floor below which everything has
 * been answered, and one bit for every sequence above it that is stored here.
 * A client that falls out of the table may have a message stored twice; a
 * reader then takes it once.
 *
 * @module
 */

import { CLIENT_WINDOW_MESSAGES } from "../limits.ts";
import { nameOf } from "../wire/names.ts";

/**
 * Clients remembered. At most 2 KiB each, so at most 8 MiB; of those that have
 * few messages in flight, some tens of bytes.
 */
export const SEEN_CLIENTS_MAX = 4_096;

/** Bits for a client at first, and at most; powers of two. */
const BITS_MIN = 64;
const BITS_MAX = CLIENT_WINDOW_MESSAGES;

interface Entry {
  floor: number;
  /** Past the last sequence that may have its bit set. */
  end: number;
  /** A ring of bits, by sequence. */
  bits: Uint32Array;
  /** The last commit with messages of this client. */
  commit: number;
}

/** See the module. */
export class Seen {
  readonly #clientsMax: number;
  /** Least lately heard of first. */
  readonly #entries = new Map<string, Entry>();

  /** @param clientsMax Clients remembered; the least lately heard of go. */
  constructor(clientsMax: number = SEEN_CLIENTS_MAX) {
    this.#clientsMax = clientsMax;
  }

  /** Clients remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Forgets all: what was thought stored may not be. */
  clear(): void {
    this.#entries.clear();
  }

  /** Notes messages that become part of a commit. */
  add(
    clientId: Uint8Array,
    floor: number,
    firstSequence: number,
    count: number,
    commit: number,
  ): void {
    const key = nameOf(clientId, 0, clientId.length);
    const entry = this.#entries.get(key) ?? newEntry(floor);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#clientsMax) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    entry.commit = commit;
    raiseFloor(entry, floor);
    const end = firstSequence + count;
    if (!makeRoom(entry, end)) return;
    for (
      let sequence = Math.max(firstSequence, entry.floor);
      sequence < end;
      sequence++
    ) setBit(entry.bits, sequence);
    if (end > entry.end) entry.end = end;
  }

  /**
   * Whether all these messages are stored, or have been answered.
   *
   * @returns The commit to wait for before that is certain, 0 when it was
   * stored before the start; undefined when one of them is not known.
   */
  commitOf(
    clientId: Uint8Array,
    firstSequence: number,
    count: number,
  ): number | undefined {
    const key = nameOf(clientId, 0, clientId.length);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const end = firstSequence + count;
    if (end > entry.end) return undefined;
    for (
      let sequence = Math.max(firstSequence, entry.floor);
      sequence < end;
      sequence++
    ) if (!hasBit(entry.bits, sequence)) return undefined;
    return entry.commit;
  }
}

function newEntry(floor: number): Entry {
  const bits = new Uint32Array(BITS_MIN / 32);
  return { floor, end: floor, bits, commit: 0 };
}

/** What has been answered needs no bit any more. */
function raiseFloor(entry: Entry, floor: number): void {
  const { bits } = entry;
  const clearEnd = Math.min(floor, entry.end);
  if (clearEnd - entry.floor >= bits.length * 32) bits.fill(0);
  else {
    for (let sequence = entry.floor; sequence < clearEnd; sequence++) {
      bits[wordOf(bits, sequence)]! &= ~(1 << (sequence & 31));
    }
  }
  if (floor > entry.floor) entry.floor = floor;
  if (floor > entry.end) entry.end = floor;
}

/** Has bits up to `end`. @returns False when that would be too many. */
function makeRoom(entry: Entry, end: number): boolean {
  const needed = end - entry.floor;
  if (needed > BITS_MAX) return false;
  const { bits } = entry;
  let size = bits.length * 32;
  if (needed <= size) return true;
  while (size < needed) size *= 2;
  const grown = new Uint32Array(size / 32);
  for (let sequence = entry.floor; sequence < entry.end; sequence++) {
    if (hasBit(bits, sequence)) setBit(grown, sequence);
  }
  entry.bits = grown;
  return true;
}

function setBit(bits: Uint32Array, sequence: number): void {
  bits[wordOf(bits, sequence)]! |= 1 << (sequence & 31);
}

function hasBit(bits: Uint32Array, sequence: number): boolean {
  return (bits[wordOf(bits, sequence)]! >>> (sequence & 31) & 1) === 1;
}

/** Sequences exceed 32 bits, so no shift may take their word. */
function wordOf(bits: Uint32Array, sequence: number): number {
  return Math.floor(sequence / 32) % bits.length;
}
