/**
 * Peers: what this data node has been told of all data nodes that there are
 * (wire/known_nodes.ts). It keeps that for heads, which share nothing: one that
 * is new, or has lost its memory, has it again with the first data node that
 * joins; and what one head learns, the others hear by way of their data nodes.
 *
 * @module
 */

import type { Clock } from "../base/ports.ts";
import type { Disk } from "../store/disk.ts";
import {
  formatNodes,
  NodesFileError,
  parseNodes,
} from "../store/nodes_file.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import {
  areAlike,
  KNOWN_NODES_MAX,
  type KnownNode,
  merged,
} from "../wire/known_nodes.ts";

/** Keeps what is known; no log, and so not called like one. */
const PEERS_FILE = "peers.state";

/** Where a file goes that is not understood. */
const PEERS_FILE_SET_ASIDE = "peers.state.damaged";

/** Pause between two writings, in ms. */
const SAVE_MS = 1_000;

/** Who is told what others have said. */
export interface PeersListener {
  tell(nodes: readonly KnownNode[]): void;
}

/** Keeps {@linkcode KnownNode}s, for one data node. */
export class Peers {
  readonly #owner: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #listeners: Iterable<PeersListener>;
  readonly #known = new Map<string, KnownNode>();
  #isDirty = false;
  #saveAtMs = -Infinity;

  /**
   * @param owner The id of this data node.
   * @param listeners The sessions with heads, as they come and go.
   */
  constructor(
    owner: string,
    disk: Disk,
    clock: Clock,
    listeners: Iterable<PeersListener>,
  ) {
    this.#owner = owner;
    this.#disk = disk;
    this.#clock = clock;
    this.#listeners = listeners;
  }

  /** All that is known. */
  get nodes(): KnownNode[] {
    return [...this.#known.values()];
  }

  /**
   * Reads what the directory holds. A file that is not understood is set aside:
   * heads know the same, and what was stored is worth more than to stay away.
   *
   * @returns Why it was set aside, if so.
   * @throws Whatever the disk throws.
   */
  open(): string | undefined {
    const size = this.#disk.sizeOf(PEERS_FILE);
    if (size < 0) return undefined;
    const bytes = new Uint8Array(size);
    const text = textOf(bytes, 0, this.#disk.read(PEERS_FILE, 0, bytes));
    try {
      for (const node of parseNodes(text).nodes) this.#known.set(node.id, node);
      return undefined;
    } catch (error) {
      if (!(error instanceof NodesFileError)) throw error;
      this.#disk.rename(PEERS_FILE, PEERS_FILE_SET_ASIDE);
      return `'${PEERS_FILE}', ${error.message}; it is '${PEERS_FILE_SET_ASIDE}' now`;
    }
  }

  /** Bytes that this data node once had, as far as anybody remembers. */
  get ownEnd(): number {
    return this.#known.get(this.#owner)?.end ?? 0;
  }

  /** Hears of data nodes from a head, and passes on what is new. */
  merge(nodes: readonly KnownNode[], from: PeersListener): void {
    const changed: KnownNode[] = [];
    for (const node of nodes) {
      const known = this.#known.get(node.id);
      if (known === undefined && this.#known.size >= KNOWN_NODES_MAX) continue;
      const both = known === undefined ? node : merged(known, node);
      if (known !== undefined && areAlike(known, both)) continue;
      this.#known.set(node.id, both);
      changed.push(both);
    }
    if (changed.length === 0) return;
    this.#isDirty = true;
    for (const listener of this.#listeners) {
      if (listener !== from) listener.tell(changed);
    }
  }

  /** Writes down what is not yet; to be called every `TICK_MS`. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    if (!this.#isDirty || nowMs < this.#saveAtMs) return;
    this.#saveAtMs = nowMs + SAVE_MS;
    this.save();
  }

  /** Writes down what is not yet, now. */
  save(): void {
    if (!this.#isDirty) return;
    const file = { owner: this.#owner, nodes: this.nodes };
    try {
      this.#disk.replace(PEERS_FILE, bytesOf(formatNodes(file)));
      this.#isDirty = false;
    } catch {
      // A full disk, or it is gone: whoever stores says so. It is tried again.
    }
  }
}
