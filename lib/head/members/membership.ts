/**
 * Membership: the data nodes that a head knows, and why they come and go.
 *
 * @module
 */

import type { Clock } from "../../base/ports.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { HeadEvents } from "../events.ts";
import type { Member } from "./member.ts";
import type { ReturningMember } from "./former_member.ts";
import type { Roster } from "./roster.ts";

/** The data nodes that are here: who joins, and who leaves. */
export class Membership {
  /** Members that may be chosen; the array that {@linkcode Delivery} reads. */
  readonly #members: Member[];
  readonly #delivery: Delivery;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  /** When those were last heard that were silent when they left, by id. */
  readonly #heardMs = new Map<string, number>();
  #isDissolved = false;

  constructor(
    members: Member[],
    delivery: Delivery,
    roster: Roster,
    clock: Clock,
    events: HeadEvents,
  ) {
    this.#clock = clock;
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
   * The member that has this id in another life, and answers: two processes
   * have copies of one directory, or one was started again before its end was
   * noticed. It is asked at once whether it is still there.
   */
  twinOf(id: string, life: string): Member | undefined {
    const twin = this.#members.find((member) =>
      member.id === id && member.life !== life &&
      member.suspectSinceMs === undefined
    );
    twin?.pulse?.probe(this.#clock.nowMs());
    return twin;
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
    const former = this.#returned(member);
    this.#events.memberJoined(member, encoding, former);
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
    const nowMs = this.#clock.nowMs();
    this.#roster.left(member, nowMs);
    const { pulse } = member;
    if (pulse?.isSilent(nowMs) === true) {
      this.#heardMs.set(member.id, pulse.heardMs);
    }
    if (this.#isDissolved) return;
    if (hasDrained) this.#events.memberDrained(member);
    else this.#events.memberLeft(member, reason, redelivered);
  }

  /** Notes that it joins. @returns What it was before, if it was a member. */
  #returned(member: Member): ReturningMember | undefined {
    const nowMs = this.#clock.nowMs();
    const heardMs = this.#heardMs.get(member.id);
    this.#heardMs.delete(member.id);
    const former = this.#roster.joined(member, nowMs);
    if (former === undefined) return undefined;
    const lastHeardMs = heardMs === undefined ? undefined : nowMs - heardMs;
    return { ...former, lastHeardMs };
  }
}
