/**
 * Membership: the data nodes that a head knows, and why they come and go.
 *
 * @module
 */

import type { Delivery } from "./delivery.ts";
import type { HeadEvents } from "./events.ts";
import type { Member } from "./member.ts";
import type { Roster } from "./roster.ts";

/** See the module. */
export class Membership {
  /** Members that may be chosen; the array that {@linkcode Delivery} reads. */
  readonly #members: Member[];
  readonly #delivery: Delivery;
  readonly #roster: Roster;
  readonly #events: HeadEvents;
  #isDissolved = false;

  constructor(
    members: Member[],
    delivery: Delivery,
    roster: Roster,
    events: HeadEvents,
  ) {
    this.#roster = roster;
    this.#members = members;
    this.#delivery = delivery;
    this.#events = events;
  }

  /** The head goes down: that members leave now is no news. */
  dissolve(): void {
    this.#isDissolved = true;
  }

  /** The members of now. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** The member with this id, if it can be read. */
  readable(id: string): Member | undefined {
    return this.#members.find((member) =>
      member.id === id && member.isReadable
    );
  }

  /** The addresses of now, each once: what a heartbeat asks. */
  hosts(): string[] {
    return [...new Set(this.#members.map((member) => member.link.peerAddress))];
  }

  /**
   * Takes a member in. One that comes back while its old connection still
   * looks open takes its own place again.
   */
  join(member: Member, encoding: string): void {
    const before = this.#members.find((other) => other.id === member.id);
    if (before !== undefined) {
      this.leave(before, "it connected again");
      before.link.abort();
    }
    this.#members.push(member);
    this.#roster.note(member);
    this.#events.memberJoined(member, encoding);
    this.#delivery.retryWaiting();
  }

  /** Puts a member out, and has what was in flight to it placed anew. */
  leave(member: Member, reason: string): void {
    if (member.left) return;
    member.left = true;
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    const hasDrained = member.draining && member.inFlight === 0;
    const redelivered = this.#delivery.left(member);
    if (this.#isDissolved) return;
    if (hasDrained) this.#events.memberDrained(member);
    else this.#events.memberLeft(member, reason, redelivered);
  }
}
