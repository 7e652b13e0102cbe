/**
 * What a head tells readers of the data nodes that it knows.
 *
 * @module
 */

import { counted } from "../../base/counted.ts";
import {
  isMissable,
  type KnownNode,
  KnownState,
} from "../../wire/known_nodes.ts";
import { type ListedNode, NodeState } from "../../wire/read_frames.ts";
import type { Member } from "./member.ts";

/** All that are known, and the members of now, as readers are told. */
export function listOf(
  known: Iterable<KnownNode>,
  members: readonly Member[],
): ListedNode[] {
  const nodes = new Map<string, ListedNode>();
  for (const node of known) {
    if (node.state === KnownState.unreadable) continue;
    const state = isMissable(node) ? NodeState.away : NodeState.repaired;
    nodes.set(node.id, { id: node.id, address: node.address, state });
  }
  for (const { id, link, isReadable } of members) {
    const state = isReadable ? NodeState.present : NodeState.unreadable;
    nodes.set(id, { id, address: link.peerAddress, state });
  }
  return [...nodes.values()];
}

/**
 * Why messages may be missing, beside data nodes that are away.
 *
 * @param here Those that are members.
 */
export function doubtsOf(
  known: Iterable<KnownNode>,
  here: ReadonlyMap<string, Member>,
): string[] {
  const doubts: string[] = [];
  for (const { id, address, state, isLacking, end } of known) {
    if (state === KnownState.unreadable && end > 0) {
      doubts.push(
        `${counted(end, "message")} acknowledged by original programs alone, ` +
          `which cannot be read back (--forget ${id} lets them go)`,
      );
    } else if (isLacking && here.has(id)) {
      doubts.push(
        `dataNode ${address} (${id}) lacks records that it had; what only it ` +
          `had is missing (--forget ${id} lets that go)`,
      );
    }
  }
  return doubts;
}
