/**
 * The roster: every data node that a head has ever known, so that a reader can
 * be told which of them is away.
 *
 * @module
 */

import type { ListedNode } from "../wire/read_frames.ts";
import { NodeState } from "../wire/read_frames.ts";
import type { Member } from "./member.ts";

/** A data node that was a member once. */
export interface KnownNode {
  readonly id: string;
  /** Its last address. */
  readonly address: string;
}

/** What a data node that returns was before. */
export interface FormerMember {
  /** Its last address. */
  readonly address: string;
  /** For how long it was away, in ms; undefined: since before this start. */
  readonly awayMs: number | undefined;
}

/** See the module. */
export class Roster {
  readonly #known = new Map<string, string>();
  /** When those that are away left, by id. */
  readonly #leftMs = new Map<string, number>();
  readonly #told: (node: KnownNode) => void;

  /**
   * @param known Those of earlier lives of this head.
   * @param told Is told of each that is new, or has a new address.
   */
  constructor(
    known: readonly KnownNode[],
    told: (node: KnownNode) => void,
  ) {
    for (const { id, address } of known) this.#known.set(id, address);
    this.#told = told;
  }

  /**
   * Notes a member; one that cannot be read has no lasting id to be noted.
   *
   * @returns What it was before, if it was a member before.
   */
  joined(member: Member, nowMs: number): FormerMember | undefined {
    const { id } = member;
    const address = member.link.peerAddress;
    if (!member.isReadable) return undefined;
    const before = this.#known.get(id);
    if (before !== address) {
      this.#known.set(id, address);
      this.#told({ id, address });
    }
    const leftMs = this.#leftMs.get(id);
    this.#leftMs.delete(id);
    if (before === undefined) return undefined;
    const awayMs = leftMs === undefined ? undefined : nowMs - leftMs;
    return { address: before, awayMs };
  }

  /** Notes that a member is away. */
  left(member: Member, nowMs: number): void {
    if (member.isReadable) this.#leftMs.set(member.id, nowMs);
  }

  /** All of them, and the members of now. */
  list(members: readonly Member[]): ListedNode[] {
    const nodes = new Map<string, ListedNode>();
    for (const [id, address] of this.#known) {
      nodes.set(id, { id, address, state: NodeState.away });
    }
    for (const { id, link, isReadable } of members) {
      const state = isReadable ? NodeState.present : NodeState.unreadable;
      nodes.set(id, { id, address: link.peerAddress, state });
    }
    return [...nodes.values()];
  }
}
