/**
 * What the sessions of one data node share, and what it asks of them.
 *
 * @module
 */

import type { CalledSession } from "../calling/call.ts";
import type { CallerPorts } from "../calling/caller.ts";
import type { Random, Turn } from "../base/ports.ts";
import type { Disk } from "../store/disk.ts";
import type { Journal } from "../store/journal.ts";
import type { BatchHeader } from "../store/record.ts";
import type { KnownNode } from "../wire/known_nodes.ts";
import type { DataEvents } from "./events.ts";
import type { Peers } from "./peers.ts";
import type { Reads } from "./reads.ts";
import type { Restores } from "./restores.ts";
import type { Seen } from "./seen.ts";

/** What a data core needs from outside. */
export interface DataPorts extends CallerPorts {
  /** For names that must not repeat. */
  readonly strongRandom: Random;
  readonly disk: Disk;
  readonly turn: Turn;
  readonly events: DataEvents;
}

/** A session with a head, as the data core sees it. */
export interface HeadSession extends CalledSession {
  /**
   * The records that this session appended for `commit` are on disk, or, with
   * a reason, are not stored.
   */
  committed(commit: number, failure: string | undefined): void;
  /** Moves deadlines. */
  tick(nowMs: number): void;
  /** Tells that records here were found damaged. */
  damaged(): void;
  /** Tells what is known of data nodes. */
  tell(nodes: readonly KnownNode[]): void;
  /** Tells why nothing can be stored now; an empty reason: it can again. */
  unwell(reason: string): void;
  /** Asks for no more messages; what was received is still answered. */
  drain(): void;
  /** Whether, after that, no more messages can be under way. */
  readonly isDrained: boolean;
  /** Closes the connection, after what was written to it. */
  end(): void;
  /** The journal takes records again. */
  unblocked(): void;
}

/** What sessions need of their data core. */
export interface DataContext {
  readonly ports: DataPorts;
  readonly nodeId: string;
  readonly nodeIdBytes: Uint8Array;
  /** Stands for this start of the process. */
  readonly life: string;
  readonly journal: Journal;
  readonly restores: Restores;
  readonly reads: Reads;
  readonly seen: Seen;
  readonly peers: Peers;
  /** A head has told what it knows of data nodes. */
  told(nodes: readonly KnownNode[], by: HeadSession): void;
  /** Whether records here are damaged or lost, as far as it is known. */
  readonly isDamaged: boolean;
  /** What was damaged here is elsewhere. */
  healed(): void;
  /** Bytes of records that are synced, restored ones among them. */
  readonly end: number;
  /** How many of them may be on no disk all the same, until there is room. */
  readonly unsureBytes: number;
  /** The node's logical time. */
  readonly tick: number;
  /** The node's logical time moves past `tick`. @returns The new time. */
  advance(tick: number): number;
  /** The node's logical time is at least `tick` from now on. */
  witness(tick: number): void;
  /** Appends for `session`. @returns The commit to wait for. */
  append(
    session: HeadSession,
    header: BatchHeader,
    messages: Uint8Array,
    from: number,
    count: number,
  ): number;
  /** Tells `session` when a commit is done, as if it had appended for it. */
  waitFor(session: HeadSession, commit: number): void;
  /** Calls `session.unblocked` when the journal takes records again. */
  block(session: HeadSession): void;
}
