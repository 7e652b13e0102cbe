/**
 * A batch: messages of one client with consecutive sequences, which arrived
 * together and are placed, stored and answered together. A lone message is a
 * batch of one.
 *
 * The life of a batch, and who moves it on:
 *
 *     admitted ──► gathering ──► asked about ──► placed ──────► answered ──► pool
 *     delivery     gathering     recalls         on holders     sender
 *                       │             ▲           │      ▲
 *                       └─────────────┼──► waiting for ──┘
 *                                     └─── a member (waiting.ts)
 *
 * - What gathers with others (gathering.ts) goes on when the turn ends.
 * - Data nodes are asked about it (recalls.ts) only if one has come since its
 *   client was last asked about, or if its sequences are known already.
 * - It is placed on as many members as copies are wanted: they are its
 *   `holders`. One that leaves, refuses or becomes suspect is taken off, and
 *   the batch is placed anew or waits. One that says that it has synced stands
 *   in `storedBy` as well.
 * - With `wanted` of those, or with a refusal, it is answered, once and for
 *   all: `answered` never goes back. What cannot stay together is taken apart
 *   (pieces.ts): its pieces are answered in its place.
 *
 * Who owns it: `references` counts the places that refer to it, which are its
 * answer (1 from the start, released when it is given or passed on to pieces),
 * the queue of each member that it is in flight to, and the queue or the asking
 * that it waits in. Whoever takes it out of such a place releases it. The last
 * release puts it back into the pool: batches and their memory are used again,
 * because a head makes a million of them each second, and none is garbage.
 *
 * @module
 */

import { ORIGINAL_MESSAGE_BYTES_MAX } from "../../base/limits.ts";
import type { WireErrorKind } from "../../wire/errors.ts";
import { BlockPool } from "./block_pool.ts";
import { assert } from "../../base/assert.ts";

/**
 * What a head counts for holding a batch, beside the bytes of its messages:
 * the batch itself, and its places in queues. Without it, a client that sends
 * empty lines would cost a hundred times what is counted.
 */
const BATCH_OVERHEAD_BYTES = 512;

/** What data nodes know of a client, as far as they were asked. */
export interface Past {
  /** {@linkcode Member.number} of the latest member that was asked. */
  recalledAt: number;
  /** Past the highest sequence that one of them had heard of. */
  end: number;
  /** Why no message more of this client can be stored, if so. */
  reused: string | undefined;
  /** What waits until they have answered, while they are asked. */
  waiting: Batch[] | undefined;
}

/** The past of a client that brings its own id. */
export function newPast(): Past {
  return { recalledAt: 0, end: 0, reused: undefined, waiting: undefined };
}

/** The past of a client whose id was made here: there is nothing to ask. */
export function noPast(): Past {
  return { ...newPast(), recalledAt: Infinity };
}

/** Who has a copy of a batch, as the batch and its answer know it. */
export interface Holder {
  /** Eight characters, the same for as long as its directory lives. */
  readonly id: string;
  /** The id as bytes of ASCII. */
  readonly idBytes: Uint8Array;
  /** Its address, and the same as receipts carry it. */
  readonly address: string;
  readonly addressBytes: Uint8Array;
  /** `address (id)`, for logs. */
  readonly label: string;
  /** Whether what it stores can be read back. */
  readonly isReadable: boolean;
  /**
   * The fewest disks that a message on it was on when it was acknowledged, of
   * those since the last pass of repair (roster.ts).
   */
  copies: number;
}

/** Where the answer to a batch goes. */
export interface Sender {
  /** The client's id, as bytes of ASCII. */
  readonly clientId: Uint8Array;
  readonly past: Past;
  /** `address:port`, for logs. */
  readonly label: string;
  /** The batch is on as many disks as were wanted: tell the client. */
  stored(batch: Batch): void;
  /** The batch cannot be stored: tell the client why. */
  refused(batch: Batch, kind: WireErrorKind, reason: string): void;
  /** The head has room again for what this client sends. */
  unblocked(): void;
}

/** Messages that are placed, stored and answered together. */
export interface Batch {
  sender: Sender;
  firstSequence: number;
  count: number;
  /** Every sequence of the client below this one has been answered. */
  floor: number;
  /** Highest tick that the client has seen. */
  after: number;
  /** When it arrived, in ms since 1970. */
  timeMs: number;
  /** The messages, as a frame's payload holds them: `bytes[0..length)`. */
  bytes: Uint8Array;
  length: number;
  /** Bytes of the longest message. */
  longest: number;
  /** What it counts for in every bound, in bytes. */
  cost: number;
  /** Copies that must be synced before the client hears of it. */
  wanted: number;
  /** Members it was placed on that have stored it or may yet do so. */
  readonly holders: Holder[];
  /** Those of them that have synced it. */
  readonly storedBy: Holder[];
  /** Highest tick at which a member stored it. */
  tick: number;
  /** {@linkcode Member.number} of the latest member asked about it; 0 if none. */
  recalledAt: number;
  /** Whether some members have said that they have it, as it is. */
  isVerified: boolean;
  /** Those of them that are known: it is placed on them first. */
  readonly knowers: Holder[];
  /** Whether the client has its answer. */
  answered: boolean;
  /** Whether it stands in the queue of those that wait for a member. */
  waiting: boolean;
  /** Whether it, or what it was a part of, ever stood there. */
  hasWaited: boolean;
  /** How many places refer to it; see the module. */
  references: number;
}

/** What {@linkcode BatchPool.take} copies; a session keeps one and refills it. */
export interface BatchOrigin {
  readonly sender: Sender;
  firstSequence: number;
  count: number;
  floor: number;
  after: number;
  timeMs: number;
  longest: number;
}

/** An origin to fill. */
export function newOrigin(sender: Sender): BatchOrigin {
  return {
    sender,
    firstSequence: 0,
    count: 1,
    floor: 0,
    after: 0,
    timeMs: 0,
    longest: 0,
  };
}

/** What `bytes` of messages that arrived together count for. */
export function costOf(bytes: number): number {
  return bytes + BATCH_OVERHEAD_BYTES;
}

/** Whether it has a message that is too long for an original data node. */
export function isLong(batch: Batch): boolean {
  return batch.longest > ORIGINAL_MESSAGE_BYTES_MAX;
}

/**
 * Whether a copy is on this data node, or on its way there. By id: one that
 * left and came back is another member, on the same disk.
 */
export function isHeldBy({ holders }: Batch, { id }: Holder): boolean {
  for (const holder of holders) if (holder.id === id) return true;
  return false;
}

/** Whether this data node has said that it has a copy. */
export function isStoredBy({ storedBy }: Batch, { id }: Holder): boolean {
  for (const storer of storedBy) if (storer.id === id) return true;
  return false;
}

/** Free batches kept for reuse: those of a busy moment. */
const FREE_BATCHES_MAX = 4_096;

/** What a free batch refers to, so that it keeps nothing else alive. */
const nobody: Sender = {
  clientId: new Uint8Array(),
  past: noPast(),
  label: "",
  stored() {},
  refused() {},
  unblocked() {},
};
const nothing = new Uint8Array();

/** Batches, and the memory of their messages, kept for reuse. */
export class BatchPool {
  readonly #blocks = new BlockPool();
  readonly #free: Batch[] = [];
  #taken = 0;

  /** Batches that somebody refers to. */
  get taken(): number {
    return this.#taken;
  }

  /** A batch with a copy of the messages `source[from..to)`. */
  take(
    origin: BatchOrigin,
    source: Uint8Array,
    from: number,
    to: number,
  ): Batch {
    const length = to - from;
    const bytes = this.#blocks.take(length);
    if (length < 64) {
      for (let i = from, o = 0; i < to; i++, o++) bytes[o] = source[i]!;
    } else {
      bytes.set(source.subarray(from, to));
    }
    const batch = this.#free.pop() ?? newBatch();
    this.#taken++;
    batch.sender = origin.sender;
    batch.firstSequence = origin.firstSequence;
    batch.count = origin.count;
    batch.floor = origin.floor;
    batch.after = origin.after;
    batch.timeMs = origin.timeMs;
    batch.bytes = bytes;
    batch.length = length;
    batch.longest = origin.longest;
    batch.cost = costOf(length);
    batch.wanted = 0;
    batch.tick = 0;
    batch.recalledAt = 0;
    batch.isVerified = false;
    batch.answered = false;
    batch.waiting = false;
    batch.hasWaited = false;
    batch.references = 1;
    return batch;
  }

  /** One place refers to a batch no more; the last one gives it back. */
  release(batch: Batch): void {
    batch.references--;
    assert(batch.references >= 0, "a batch was released too often");
    if (batch.references > 0) return;
    assert(batch.answered, "a batch was let go of without an answer");
    this.#taken--;
    this.#blocks.give(batch.bytes);
    batch.holders.length = 0;
    batch.storedBy.length = 0;
    batch.knowers.length = 0;
    batch.sender = nobody;
    batch.bytes = nothing;
    if (this.#free.length < FREE_BATCHES_MAX) this.#free.push(batch);
  }
}

function newBatch(): Batch {
  return {
    sender: nobody,
    firstSequence: 0,
    count: 0,
    floor: 0,
    after: 0,
    timeMs: 0,
    bytes: nothing,
    length: 0,
    longest: 0,
    cost: 0,
    wanted: 0,
    holders: [],
    storedBy: [],
    tick: 0,
    recalledAt: 0,
    isVerified: false,
    knowers: [],
    answered: false,
    waiting: false,
    hasWaited: false,
    references: 0,
  };
}
