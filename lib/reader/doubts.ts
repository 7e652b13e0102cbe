/**
 * Doubts: why messages may be missing from what a reader has read. None of them
 * follows from how a head is set up today; they come from what is there:
 *
 * - the head says so: it remembers what is gone;
 * - a record names a data node that the head does not know;
 * - a client's later record says that a message was acknowledged which no data
 *   node has brought;
 * - there is no data node at all.
 *
 * @module
 */

import { counted } from "../base/counted.ts";
import { NODE_ID_BYTES } from "../base/limits.ts";
import type { ParsedRecord } from "../store/record.ts";
import { nameOf } from "../base/names.ts";
import type { ListedNode } from "../wire/read_frames.ts";
import type { ClientOrder } from "./client_order.ts";

/** Who is told. */
export interface DoubtsEvents {
  /** Messages may be missing, and why. */
  missing(reason: string): void;
  /** What was told in these words is here after all. */
  found?(reason: string): void;
  /** Something worth knowing that is no reason to doubt. */
  noticed?(notice: string): void;
}

/** Collects what speaks against a reading being whole, and tells each once. */
export class Doubts {
  readonly #events: DoubtsEvents;
  /** Kinds of reasons that were told. */
  readonly #told = new Set<string>();
  /** Data nodes that the head has told of. */
  readonly #listed = new Set<string>();
  /** Data nodes that records name, and the head has not told of. */
  readonly #unmet = new Set<string>();
  /** Data nodes that are original programs, each told of once. */
  readonly #unreadable = new Set<string>();
  /** How many messages were told to be lacking. */
  #lacking = 0;
  /** How many data nodes were told to have been forgotten. */
  #forgottenTold = 0;
  /** The words in which messages were told to be lacking. */
  readonly #lackingTold: string[] = [];
  /** Data nodes that the head did not know, and what was told of them. */
  readonly #unknown = new Map<string, string>();

  constructor(events: DoubtsEvents) {
    this.#events = events;
  }

  /** Whether the head is to be asked again: it may have met a node by now. */
  get isOpen(): boolean {
    return this.#unmet.size > 0;
  }

  /** The head has told which data nodes there are. */
  listed(nodes: readonly ListedNode[]): void {
    this.#listed.clear();
    for (const { id } of nodes) {
      this.#listed.add(id);
      const told = this.#unknown.get(id);
      if (told === undefined) continue;
      // From here on it is a data node like others, that may be away.
      this.#unknown.delete(id);
      this.#events.found?.(told);
    }
    for (const id of this.#unmet) {
      if (this.#listed.has(id)) continue;
      const reason = `records name dataNode ${id}, which the head does not ` +
        "know; messages that only it holds are missing";
      this.tell(reason);
      this.#unknown.set(id, reason);
    }
    this.#unmet.clear();
    // One that is still unknown was told of: once is enough.
    for (const id of this.#unknown.keys()) this.#listed.add(id);
  }

  /** Tells a reason once, though numbers in it may grow. */
  tell(reason: string): void {
    const kind = reason.replaceAll(/\b\d+ /g, "");
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#events.missing(reason);
  }

  /** Tells once that a data node cannot be read. */
  tellUnreadable(id: string, address: string): void {
    if (this.#unreadable.has(id)) return;
    this.#unreadable.add(id);
    this.#events.missing(
      `dataNode ${address} is an original program, whose messages cannot be ` +
        "read back",
    );
  }

  /** Notes the data nodes that a record of `nodeId` names. */
  met(nodeId: string, bytes: Uint8Array, record: ParsedRecord): void {
    const { holdersStart, holdersEnd } = record;
    if (isOnly(nodeId, bytes, holdersStart, holdersEnd)) return;
    const last = holdersEnd - NODE_ID_BYTES;
    for (let at = holdersStart; at <= last; at += NODE_ID_BYTES + 1) {
      const id = nameOf(bytes, at, at + NODE_ID_BYTES);
      if (!this.#listed.has(id)) this.#unmet.add(id);
    }
  }

  /**
   * Tells of messages that were acknowledged, and that nobody here has.
   *
   * @param orders Of the clients, by their ids.
   * @param forgotten Data nodes that were let go, with what only they had.
   */
  tellLacking<T>(
    orders: ReadonlyMap<string, ClientOrder<T>>,
    forgotten: number,
  ): void {
    let count = 0;
    let clients = 0;
    let example = "";
    for (const [client, order] of orders) {
      const lacking = order.lacking();
      if (lacking.count === 0) continue;
      count += lacking.count;
      clients++;
      if (example === "") example = `${client}-${lacking.first}`;
    }
    if (count === 0) {
      for (const told of this.#lackingTold.splice(0)) {
        this.#events.found?.(told);
      }
    }
    this.#tellForgotten(forgotten);
    const isMore = count > this.#lacking;
    this.#lacking = count;
    if (!isMore) return;
    const messages = `${counted(count, "acknowledged message")} of ` +
      `${counted(clients, "client")}, for example ${example}, on no dataNode`;
    if (forgotten === 0) {
      const reason = `${messages} that is here`;
      this.#lackingTold.push(reason);
      this.#events.missing(reason);
    } else {
      this.#events.noticed?.(`${messages} any more`);
    }
  }

  /** Says once that data nodes were let go, with whatever only they had. */
  #tellForgotten(forgotten: number): void {
    if (forgotten <= this.#forgottenTold) return;
    this.#forgottenTold = forgotten;
    this.#events.noticed?.(
      `${
        counted(forgotten, "dataNode")
      } had been forgotten: messages that only ` +
        "forgotten ones held are gone, and nobody knows how many those were",
    );
  }
}

/** Whether `bytes[from..to)` are this id and nothing else: the usual case. */
function isOnly(
  id: string,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (to - from !== id.length) return false;
  for (let i = 0; i < id.length; i++) {
    if (bytes[from + i] !== id.charCodeAt(i)) return false;
  }
  return true;
}
