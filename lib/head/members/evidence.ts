/**
 * Evidence: what is known of a data node and its host when it is judged, in
 * words for the log.
 *
 * @module
 */

import type { Member } from "./member.ts";

/** What pings have told of a host. */
export interface HostEvidence {
  /** Pings in a row that were not answered. */
  silentPings: number;
  /** When the last one was answered; undefined when none ever was. */
  answeredMs: number | undefined;
}

/** A host that was not pinged yet. */
export function newHostEvidence(): HostEvidence {
  return { silentPings: 0, answeredMs: undefined };
}

/** What speaks against a member, and what its host says. */
export function evidenceOf(
  member: Member,
  host: HostEvidence,
  nowMs: number,
): string {
  const silence = silenceOf(member, nowMs);
  return [...silence, hostOf(host, nowMs)].join(", ");
}

/** The evidence, and what it means for a member that is put out. */
export function verdictOf(
  member: Member,
  host: HostEvidence,
  nowMs: number,
): string {
  const evidence = evidenceOf(member, host, nowMs);
  if (host.silentPings > 0) return `${evidence}: it is down or cut off`;
  if (host.answeredMs === undefined) return evidence;
  const { pulse } = member;
  const answersBeats = pulse !== undefined && !pulse.isSilent(nowMs);
  return `${evidence}: its ${answersBeats ? "disk" : "process"} hangs`;
}

/** What speaks against its process or its disk; nothing if that is unknown. */
function silenceOf(member: Member, nowMs: number): string[] {
  const { pulse } = member;
  if (pulse?.isSilent(nowMs) === true) {
    const missed = pulse.missed === 1 ? "1 beat" : `${pulse.missed} beats`;
    const usualMs = Math.max(1, Math.round(pulse.usualMs));
    const silent = seconds(pulse.silentMs(nowMs));
    return [
      `${missed} missed, no answer for ${silent} (usually ${usualMs} ms)`,
    ];
  }
  if (!member.isSlow(nowMs)) return [];
  const beats = pulse === undefined ? "" : "it answers beats, but ";
  return [`${beats}nothing stored for ${seconds(member.waitedMs(nowMs))}`];
}

function hostOf(host: HostEvidence, nowMs: number): string {
  if (host.silentPings > 0) {
    const pings = host.silentPings === 1 ? "ping" : `${host.silentPings} pings`;
    return `host does not answer ${pings}`;
  }
  return host.answeredMs === undefined
    ? "nothing known of the host by ping"
    : `host answered ping ${seconds(nowMs - host.answeredMs)} ago`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
