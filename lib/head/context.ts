/**
 * What the sessions of one head share.
 *
 * @module
 */

import type { Clock, Random } from "../base/ports.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { HeadEvents } from "./events.ts";
import type { Membership } from "./members/membership.ts";
import type { Repairer } from "./repair/repairer.ts";
import type { Roster } from "./members/roster.ts";

/** The parts of one head that its sessions work with. */
export interface HeadContext {
  /** Begins the ids that the head gives to clients that bring none. */
  readonly headId: string;
  readonly clock: Clock;
  /** For names that must not repeat. */
  readonly strongRandom: Random;
  readonly events: HeadEvents;
  readonly delivery: Delivery;
  readonly membership: Membership;
  readonly roster: Roster;
  readonly repairer: Repairer;
  /** From one heartbeat to the next, in ms: told to data nodes, to do alike. */
  readonly heartbeatIntervalMs: number;
  /** What one client may have unanswered counts for so many bytes at most. */
  readonly clientWindowBytes: number;
  /** What one member may have in flight counts for so many bytes at most. */
  readonly memberWindowBytes: number;
  /** A number for the next client without an id. */
  nextClientNumber(): number;
}
