/**
 * What a head tells of itself and its data nodes to whoever asks.
 *
 * @module
 */

import { NodeState } from "../wire/read_frames.ts";
import type { NodeCondition, Status } from "../wire/status.ts";
import type { HeadContext } from "./context.ts";
import type { Member } from "./member.ts";

/** The status of now. */
export function headStatus(context: HeadContext): Status {
  const { roster, membership, delivery } = context;
  const members = new Map(membership.members.map((node) => [node.id, node]));
  return {
    role: "head",
    properties: { held: `${delivery.held.messages}` },
    nodes: roster.list(membership.members).map(({ id, address, state }) => {
      const member = members.get(id);
      return {
        id,
        address,
        state: member === undefined ? absence(state) : presence(member),
      };
    }),
  };
}

function absence(state: NodeState): NodeCondition {
  return state === NodeState.repaired ? "repaired" : "away";
}

function presence(member: Member): NodeCondition {
  if (member.draining) return "draining";
  return member.suspectSinceMs === undefined ? "alive" : "suspect";
}
