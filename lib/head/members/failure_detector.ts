/**
 * The failure detector: two signals of every data node, one verdict.
 *
 * The process answers beats on its connection, whether there is work or not;
 * the host answers `ping`. A member whose process has been silent for unusually
 * long (pulse.ts), or whose disk has stored nothing for unusually long, is
 * suspect: it gets no new messages, and what is in flight to it goes to others.
 * One word from it, and it is alive again. If the silence lasts, it is dead and
 * put out; sooner when its host is silent too. An original program has no beats
 * to answer, so of it the pings tell, and how long it takes to store: while it
 * has nothing to store, nobody can know whether it hangs.
 *
 * @module
 */

import type { Clock } from "../../base/ports.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { HeadEvents } from "../events.ts";
import {
  evidenceOf,
  type HostEvidence,
  newHostEvidence,
  verdictOf,
} from "./evidence.ts";
import type { Member } from "./member.ts";
import type { Membership } from "./membership.ts";

/** Time for an answer that is owed after which a beat asks again, in ms. */
const PROBE_MS = 250;

/** Silence after which a member is dead, in times of what makes it suspect. */
const DEAD_PATIENCES = 3;

/**
 * Silence, at least, of a process that makes it dead when its host is silent
 * too, in ms. Losing packets can look like this for some seconds, and a suspect
 * costs nobody anything meanwhile.
 */
const DEAD_HOST_MS_MIN = 5_000;

/**
 * Silence, at least, of a process that makes it dead though its host answers,
 * in ms: one that is only stopped for a moment comes back by itself.
 */
const DEAD_PROCESS_MS_MIN = 10_000;

/**
 * Pings in a row without an answer after which a host counts as silent, when
 * the process is silent too: a cable that comes and goes loses one easily.
 */
const SILENT_PINGS = 2;

/** Pings in a row without an answer after which an original is dead. */
const DEAD_PINGS = 3;

/**
 * A host: it, or a process on it, answers; it did not, and should be pinged
 * again at once; or it was pinged often enough in vain.
 */
export type HostState = "there" | "doubtful" | "silent";

/** Suspects, trusts again, or puts out members, by both signals. */
export class FailureDetector {
  readonly #membership: Membership;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #events: HeadEvents;
  /** By address, of those that members have. */
  readonly #hosts = new Map<string, HostEvidence>();

  constructor(
    membership: Membership,
    delivery: Delivery,
    clock: Clock,
    events: HeadEvents,
  ) {
    this.#membership = membership;
    this.#delivery = delivery;
    this.#clock = clock;
    this.#events = events;
  }

  /**
   * The hosts of the members: what a heartbeat pings. What is known of a host
   * ends with its last member.
   */
  hosts(): string[] {
    const addresses = this.#membership.hosts();
    const present = new Set(addresses);
    for (const address of this.#hosts.keys()) {
      if (!present.has(address)) this.#hosts.delete(address);
    }
    return addresses;
  }

  /** A host was pinged. @returns What is to be thought of it now. */
  pinged(address: string, hasAnswered: boolean): HostState {
    const nowMs = this.#clock.nowMs();
    const here = this.#membership.members.filter(({ link }) =>
      link.peerAddress === address
    );
    // Its last member may have left while it was pinged.
    if (here.length === 0) return hasAnswered ? "there" : "silent";
    const host = this.#hosts.get(address) ?? newHostEvidence();
    this.#hosts.set(address, host);
    if (hasAnswered) {
      host.silentPings = 0;
      host.answeredMs = nowMs;
      return "there";
    }
    host.silentPings++;
    const isThere = here.some(({ pulse }) => pulse?.isSilent(nowMs) === false);
    if (isThere) return "there";
    return host.silentPings < DEAD_PINGS ? "doubtful" : "silent";
  }

  /**
   * Judges every member, and asks its process when it is time; to be called
   * every `TICK_MS`.
   */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const member of [...this.#membership.members]) {
      const { pulse } = member;
      if (member.waitedMs(nowMs) > PROBE_MS) pulse?.probe(nowMs);
      const host = this.#hosts.get(member.link.peerAddress) ??
        newHostEvidence();
      if (this.#isDead(member, host, nowMs)) {
        this.#bury(member, host, nowMs);
        continue;
      }
      if (isDoubtful(member, host, nowMs)) this.#suspect(member, host, nowMs);
      else this.#trust(member, nowMs);
      // Only now: what is asked in this moment was not missed.
      pulse?.tick(nowMs, false);
    }
  }

  #isDead(member: Member, host: HostEvidence, nowMs: number): boolean {
    const { pulse } = member;
    if (member.isHung(nowMs)) return true;
    if (pulse === undefined) return host.silentPings >= DEAD_PINGS;
    const silentMs = pulse.silentMs(nowMs);
    // Where pings get through now and then, TCP is slower to recover than they.
    const isHostSilent = host.silentPings >= SILENT_PINGS &&
      (host.answeredMs ?? -Infinity) < nowMs - silentMs;
    const atLeastMs = isHostSilent ? DEAD_HOST_MS_MIN : DEAD_PROCESS_MS_MIN;
    return silentMs > Math.max(atLeastMs, DEAD_PATIENCES * pulse.patienceMs);
  }

  #bury(member: Member, host: HostEvidence, nowMs: number): void {
    const verdict = verdictOf(member, host, nowMs);
    this.#events.memberDied(member, verdict);
    this.#membership.leave(member, verdict);
    member.link.abort();
  }

  #suspect(member: Member, host: HostEvidence, nowMs: number): void {
    if (member.suspectSinceMs !== undefined) return;
    member.suspectSinceMs = nowMs;
    const evidence = evidenceOf(member, host, nowMs);
    const redelivered = this.#delivery.suspected(member);
    this.#events.memberSuspected(member, evidence, redelivered);
  }

  #trust(member: Member, nowMs: number): void {
    if (member.suspectSinceMs === undefined) return;
    const suspectMs = nowMs - member.suspectSinceMs;
    member.suspectSinceMs = undefined;
    member.trustedMs = nowMs;
    this.#events.memberTrusted(member, suspectMs);
    this.#delivery.retryWaiting();
  }
}

/** Whether something speaks against a member that has not lasted yet. */
function isDoubtful(
  member: Member,
  host: HostEvidence,
  nowMs: number,
): boolean {
  const { pulse } = member;
  const isSilent = pulse === undefined
    ? host.silentPings > 0
    : pulse.isSilent(nowMs);
  return isSilent || member.isSlow(nowMs);
}
