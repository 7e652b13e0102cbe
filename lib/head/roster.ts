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

/** See the module. */
export class Roster {
  readonly #known = new Map<string, string>();
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

  /** Notes a member; one that cannot be read has no lasting id to be noted. */
  note(member: Member): void {
    const { id } = member;
    const address = member.link.peerAddress;
    if (!member.isReadable || this.#known.get(id) === address) return;
    this.#known.set(id, address);
    this.#told({ id, address });
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
