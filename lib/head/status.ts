/**
 * What a head tells of itself and its data nodes to whoever asks.
 *
 * @module
 */

import { NodeState } from "../wire/read_frames.ts";
import { type NodeCondition, type Status, wellness } from "../wire/status.ts";
import type { HeadContext } from "./context.ts";
import type { Member } from "./member.ts";

/**
 * Time for which nothing that waits was stored after which a head is not well,
 * in ms: a data node that is started anew is back sooner.
 */
const UNWELL_MS = 5_000;

/** The status of now. */
export function headStatus(context: HeadContext): Status {
  const { roster, membership, delivery } = context;
  const verdict = delivery.waitedMs() < UNWELL_MS
    ? undefined
    : `nothing that waits was stored for ${
      Math.floor(delivery.waitedMs() / 1000)
    } s: ${delivery.whyWaiting().join("; ")}`;
  const members = new Map(membership.members.map((node) => [node.id, node]));
  return {
    role: "head",
    properties: { held: `${delivery.held.messages}`, ...wellness(verdict) },
    nodes: roster.list(membership.members).map(({ id, address, state }) => {
      const member = members.get(id);
      return {
        id,
        address,
        state: member === undefined ? absence(state) : presence(member),
        ...member?.unwell === undefined ? {} : { unwell: member.unwell },
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
