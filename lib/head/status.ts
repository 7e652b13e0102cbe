/**
 * What a head tells of itself and its data nodes to whoever asks.
 *
 * @module
 */

import { NodeState } from "../wire/read_frames.ts";
import { type NodeCondition, type Status, wellness } from "../wire/status.ts";
import type { HeadContext } from "./context.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { Member } from "./members/member.ts";

/**
 * Time in which nothing that waits or waited was stored, in ms, after which a
 * head is not well: a data node that is started anew is back sooner.
 */
const UNWELL_MS = 5_000;

/** The status of now. */
export function headStatus(context: HeadContext): Status {
  const { roster, membership, delivery } = context;
  const verdict = whyNoneStores(membership.members) ?? whyNoneGoesOn(delivery);
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

/**
 * Why no data node can store, if all have said so, or refused, and stored
 * nothing since. What they refuse goes back to the clients, so that for most of
 * the time nothing may wait here.
 */
function whyNoneStores(members: readonly Member[]): string | undefined {
  const reasons = members.flatMap(({ label, unwell }) =>
    unwell === undefined ? [] : [`${label}: ${unwell}`]
  );
  return members.length === 0 || reasons.length < members.length
    ? undefined
    : `no dataNode can store: ${reasons.join("; ")}`;
}

function whyNoneGoesOn(delivery: Delivery): string | undefined {
  const waitedMs = delivery.waitedMs();
  if (waitedMs < UNWELL_MS) return undefined;
  return `nothing that waits was stored for ${Math.floor(waitedMs / 1000)} ` +
    `s: ${delivery.whyWaiting().join("; ")}`;
}

function absence(state: NodeState): NodeCondition {
  return state === NodeState.repaired ? "repaired" : "away";
}

function presence(member: Member): NodeCondition {
  if (member.draining) return "draining";
  return member.suspectSinceMs === undefined ? "alive" : "suspect";
}
