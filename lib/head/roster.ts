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
  /** Whether all that it had has enough copies elsewhere. */
  readonly isRepaired: boolean;
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
  readonly #known = new Map<string, KnownNode>();
  /** When those that are away left, by id. */
  readonly #leftMs = new Map<string, number>();
  /** Those that are members now. */
  readonly #present = new Set<string>();
  readonly #startedMs: number;
  readonly #told: (node: KnownNode) => void;

  /**
   * @param known Those of earlier lives of this head.
   * @param told Is told of each that is new, or has a new address.
   */
  constructor(
    known: readonly KnownNode[],
    told: (node: KnownNode) => void,
    nowMs: number,
  ) {
    for (const node of known) this.#known.set(node.id, node);
    this.#told = told;
    this.#startedMs = nowMs;
  }

  /** Those that are away and not repaired, and since when, as is known. */
  away(nowMs: number): { readonly id: string; readonly awayMs: number }[] {
    const away: { readonly id: string; readonly awayMs: number }[] = [];
    for (const { id, isRepaired } of this.#known.values()) {
      if (isRepaired || this.#present.has(id)) continue;
      const sinceMs = this.#leftMs.get(id) ?? this.#startedMs;
      away.push({ id, awayMs: nowMs - sinceMs });
    }
    return away;
  }

  /** All that a data node had has enough copies elsewhere. */
  repaired(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined || this.#present.has(id)) return;
    this.#note({ ...known, isRepaired: true });
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
    if (before?.address !== address || before.isRepaired) {
      this.#note({ id, address, isRepaired: false });
    }
    this.#present.add(id);
    const leftMs = this.#leftMs.get(id);
    this.#leftMs.delete(id);
    if (before === undefined) return undefined;
    const awayMs = leftMs === undefined ? undefined : nowMs - leftMs;
    return { address: before.address, awayMs };
  }

  /** Notes that a member is away. */
  left(member: Member, nowMs: number): void {
    if (!member.isReadable) return;
    this.#present.delete(member.id);
    this.#leftMs.set(member.id, nowMs);
  }

  /** All of them, and the members of now. */
  list(members: readonly Member[]): ListedNode[] {
    const nodes = new Map<string, ListedNode>();
    for (const { id, address, isRepaired } of this.#known.values()) {
      const state = isRepaired ? NodeState.repaired : NodeState.away;
      nodes.set(id, { id, address, state });
    }
    for (const { id, link, isReadable } of members) {
      const state = isReadable ? NodeState.present : NodeState.unreadable;
      nodes.set(id, { id, address: link.peerAddress, state });
    }
    return [...nodes.values()];
  }

  #note(node: KnownNode): void {
    this.#known.set(node.id, node);
    this.#told(node);
  }
}
