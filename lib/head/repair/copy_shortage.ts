/**
 * Whether copies that were lost cannot be made again, because fewer data nodes
 * are left than each record should have copies. Repair can do nothing then, and
 * where it does nothing it says nothing, so it is told here.
 *
 * @module
 */

import type { Clock } from "../../base/ports.ts";
import type { HeadEvents } from "../events.ts";
import type { Membership } from "../members/membership.ts";
import type { RepairOptions } from "./repairer.ts";
import type { Roster } from "../members/roster.ts";

/** Tells, once, that fewer data nodes are here than copies are wanted. */
export class CopyShortage {
  readonly #options: RepairOptions;
  readonly #membership: Membership;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  #isTold = false;

  constructor(
    options: RepairOptions,
    membership: Membership,
    roster: Roster,
    clock: Clock,
    events: HeadEvents,
  ) {
    this.#options = options;
    this.#membership = membership;
    this.#roster = roster;
    this.#clock = clock;
    this.#events = events;
  }

  /** Looks, and tells of each change once; to be called every `TICK_MS`. */
  tick(): void {
    const { replicas, repairAfterMs } = this.#options;
    if (replicas < 2 || repairAfterMs === Infinity) return;
    const { members } = this.#membership;
    let here = 0;
    for (const { isReadable } of members) if (isReadable) here++;
    if (here >= replicas) {
      if (this.#isTold) this.#events.enoughToCopyTo(here);
      this.#isTold = false;
      return;
    }
    // Without any there is nothing to copy either, and more to be told.
    if (this.#isTold || here === 0) return;
    const away = this.#roster.away(this.#clock.nowMs())
      .filter(({ awayMs }) => awayMs >= repairAfterMs)
      .map(({ id }) => id);
    if (away.length === 0) return;
    this.#isTold = true;
    this.#events.fewToCopyTo(here, replicas, away.join(", "));
  }
}
