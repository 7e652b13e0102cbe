/**
 * What a head tells of itself, as lines of its log.
 *
 * @module
 */

import { counted } from "../lib/base/counted.ts";
import type { Batch } from "../lib/head/delivery/batch.ts";
import type { HeadEvents } from "../lib/head/events.ts";
import type { Member } from "../lib/head/members/member.ts";
import type { ReturningMember } from "../lib/head/members/former_member.ts";
import type { RepairProgress } from "../lib/head/repair/repair_pass.ts";
import type { EventLog, Log } from "../lib/system/log.ts";
import type { LogFile } from "../lib/system/log/log_file.ts";
import { escapedText } from "../lib/wire/escape.ts";
import { textOf } from "../lib/base/ascii.ts";
import { MESSAGE_HEADER_BYTES } from "../lib/wire/client_frames.ts";
import { readU32 } from "../lib/base/little_endian.ts";

/** Who else hears of events. */
export interface HeadEventsPorts {
  /** Gets every change of a data node's state, and what the heartbeat found. */
  readonly beatsFile: LogFile;
  /** Is told of members that become suspect. */
  suspected(member: Member): void;
}

/** Events that write to `registry`, and to the console what it can take. */
export function headEvents(
  log: Log,
  registry: LogFile,
  { beatsFile, suspected }: HeadEventsPorts,
): HeadEvents {
  const events = log.events(registry);
  const beats = log.events(beatsFile);
  /** The id of a member of which it was just told that it died. */
  let died = "";
  /** A change of state: to the console with one file, and to the other. */
  const changed = (
    level: keyof EventLog,
    member: Member,
    text: string,
    inBeats = text,
  ) => {
    events[level](`dataNode ${member.label} ${text}`, { node: member.id });
    beatsFile.line(`dataNode ${member.label} ${inBeats}`);
  };
  const takesLines = log.lineBudgetOf(registry);
  /** As the program of 2019 told of whoever came; in the file alone. */
  const tellThread = (role: string, ip: string, port: string) => {
    registry.line(
      `Se crea ServerThread para ${role} con IP ${ip} puerto ${port}`,
    );
    registry.line("peticion");
  };
  return {
    refusedPeer: (label, reason) =>
      events.warning(`${label} refused: ${reason}`),
    clientJoined(label, encoding) {
      const colon = label.lastIndexOf(":");
      tellThread("cliente", label.slice(0, colon), label.slice(colon + 1));
      events.info(`cliente ${label} joined (${encoding})`);
    },
    clientLeft: (label, reason) =>
      events.info(`cliente ${label} left: ${reason}`),
    memberJoined(member, encoding, before) {
      const { peerAddress, peerPort } = member.link;
      tellThread("dataNode", peerAddress, `${peerPort}`);
      changed("info", member, `${joinedHow(member, before)} (${encoding})`);
    },
    memberSuspected(member, evidence, redelivered) {
      beats.warning(
        `dataNode ${member.label} suspect: ${evidence}${again(redelivered)}`,
        { node: member.id },
      );
      suspected(member);
    },
    memberTrusted: (member, suspectMs) =>
      beats.info(
        `dataNode ${member.label} alive again: it answered after ` +
          `${(suspectMs / 1000).toFixed(1)} s as a suspect`,
        { node: member.id },
      ),
    memberDied(member, evidence) {
      died = member.id;
      beats.warning(
        `dataNode ${member.label} no disponible, eliminado: ${evidence}`,
        { node: member.id },
      );
    },
    memberLeft(member, reason, redelivered) {
      const text = `left: ${reason}${again(redelivered)}`;
      if (died === member.id) {
        events.warning(`dataNode ${member.label} ${text}`, { node: member.id });
      } else {
        const inBeats = `no disponible, eliminado: ${reason}`;
        changed("warning", member, text, inBeats);
      }
      died = "";
    },
    nodesUnsaved(reason) {
      if (reason === undefined) {
        events.info("What is known of dataNodes is written");
      } else {
        events.error(
          `Cannot write down which dataNodes there are: ${reason}; it is tried ` +
            "again, and is forgotten if this head ends before",
        );
      }
    },
    memberLost: (member, bytes) =>
      events.error(
        `dataNode ${member.label} has ${bytes} bytes fewer than it had synced: ` +
          "an older copy of its directory was put back, or files were removed; " +
          "what is lost is looked for elsewhere",
        { node: member.id },
      ),
    memberUnwell: (member, reason) =>
      events.warning(`dataNode ${member.label} cannot store: ${reason}`, {
        node: member.id,
      }),
    nodeForgotten: (id) =>
      events.warning(
        `dataNode ${id} is forgotten, because somebody asked for it: what only ` +
          "it had is not missed any more",
        { node: id },
      ),
    memberDamaged: (member) =>
      events.warning(
        `dataNode ${member.label} has damaged records; they are looked for ` +
          "elsewhere",
        { node: member.id },
      ),
    repairBegan: (nodesAway) =>
      events.info(
        `Repair began: looking for records with too few copies, ${
          counted(nodesAway, "dataNode")
        } away`,
      ),
    repairing: (progress, sinceMs) =>
      events.info(`Repair: ${progressText(progress, sinceMs)}`),
    repaired(progress, sinceMs, doubt) {
      const text = `Repair ended: ${endedText(progress, sinceMs)}`;
      if (doubt === undefined) events.info(`${text}; nothing is missing`);
      else events.warning(`${text}; ${doubt}`);
    },
    repairLacks: (id, reason) =>
      events.warning(`Record ${id} still has too few copies: ${reason}`),
    repairRefused: (member, reason) =>
      events.warning(
        `Repair: dataNode ${member.label} keeps no copies: ${reason}; others ` +
          "are asked",
      ),
    repairGivenUp: (reason, retryMs) =>
      events.warning(
        `Repair broken off: ${reason}; it begins again in ` +
          `${retryMs / 1000} s`,
      ),
    fewToCopyTo: (here, replicas, away) =>
      events.warning(
        `Too few dataNodes to copy to: only ${counted(here, "dataNode")} ` +
          `here, and ${away} away; records may have fewer than ${replicas} ` +
          "copies until more join",
      ),
    enoughToCopyTo: (here) =>
      events.info(`Enough dataNodes to copy to again: ${here} here`),
    memberDraining: (member) =>
      changed("info", member, "drains: it gets no new messages"),
    memberDrained: (member) => changed("info", member, "left: it has drained"),
    placed(batch, member) {
      const lines = linesOf(batch);
      const isShown = log.showsMessage(lines);
      const isListed = takesLines(lines);
      if (!isListed && !isShown) return;
      eachLine(batch, (first, last, from, to) => {
        if (isListed) {
          writeId(registry, batch, first, last);
          registry.ascii(" -> dataNode ").ascii(member.label);
          if (first < last) {
            registry.ascii(", mensajes: ").decimal(last - first + 1);
          } else {
            registry.ascii(", mensaje: ").escaped(batch.bytes, from, to);
          }
          registry.end();
        }
        if (!isShown) return;
        const text = first < last
          ? `mensajes: ${last - first + 1}`
          : `mensaje: ${escapedText(batch.bytes, from, to)}`;
        const id = idOf(batch, first, last);
        log.message(`${id} -> dataNode ${member.label}, ${text}`);
      });
    },
    stored(batch, member) {
      const lines = linesOf(batch);
      const isShown = log.showsMessage(lines);
      const isListed = takesLines(lines);
      if (!isListed && !isShown) return;
      eachLine(batch, (first, last) => {
        if (isListed) {
          writeId(registry, batch, first, last);
          registry.ascii(" <- dataNode ").ascii(member.label)
            .ascii(", mensaje: recibido").end();
        }
        if (!isShown) return;
        const id = idOf(batch, first, last);
        log.message(`${id} <- dataNode ${member.label}, mensaje: recibido`);
      });
    },
    memberRefused(member, messages, reason) {
      registry.line("Problema: mensaje no fue guardado en dataNode");
      events.warning(
        `dataNode ${member.label} could not store ` +
          `${counted(messages, "message")}: ${reason}`,
        { node: member.id },
      );
    },
    refused(batch, reason) {
      const { firstSequence, count } = batch;
      const id = idOf(batch, firstSequence, firstSequence + count - 1);
      events.warning(`${id} cannot be stored: ${reason}`);
    },
    holding: (_live, _needed, reasons) =>
      events.warning(
        reasons.length === 0
          ? "no hay dataNodes: messages wait until one joins"
          : `Messages wait: ${reasons.join("; ")}`,
      ),
    stuck: (messages, waitedMs, reasons) =>
      events.warning(
        `Waiting: ${counted(messages, "message")}, none of which was stored ` +
          `for ${(waitedMs / 1000).toFixed(1)} s; ${reasons.join("; ")}`,
      ),
    released: (messages) =>
      events.info(
        `dataNodes again: ${counted(messages, "message")} that waited stored`,
      ),
    fewerCopies: (copies, replicas) =>
      copies < replicas
        ? events.warning(
          `Only ${counted(copies, "dataNode")}: messages get ${copies} of ` +
            `${replicas} copies`,
        )
        : events.info(`Messages get ${replicas} copies again`),
  };
}

/** How far a repair is. */
function progressText(progress: RepairProgress, sinceMs: number): string {
  const { bytesRead, bytesToRead } = progress;
  const share = bytesToRead === 0 ? 1 : bytesRead / bytesToRead;
  const seconds = Math.round(sinceMs / 1000);
  const leftSeconds = share > 0 ? Math.round(seconds / share - seconds) : 0;
  const left = share < 1 ? `, about ${leftSeconds} s left` : "";
  return `${Math.floor(100 * share)} % of ${mebibytes(bytesToRead)} read in ` +
    `${seconds} s, ${foundText(progress)}${left}`;
}

/**
 * What a repair that is over has read: all that there was. What came meanwhile
 * has its copies, so a share of what there is now would say nothing.
 */
function endedText(progress: RepairProgress, sinceMs: number): string {
  return `${mebibytes(progress.bytesRead)} read in ` +
    `${Math.round(sinceMs / 1000)} s, ${foundText(progress)}`;
}

function foundText({ lacking, restored }: RepairProgress): string {
  return `${counted(lacking, "record")} with too few copies, ` +
    `${counted(restored, "copy")} made`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** `joined`, or how it came back. */
function joinedHow(
  member: Member,
  before: ReturningMember | undefined,
): string {
  if (before === undefined) return "joined";
  const { address, awayMs, lastHeardMs } = before;
  const heard = lastHeardMs === undefined
    ? ""
    : ` (last heard ${(lastHeardMs / 1000).toFixed(1)} s ago)`;
  const after = awayMs === undefined
    ? "after an earlier start of this head"
    : `after ${(awayMs / 1000).toFixed(1)} s${heard}`;
  return address === member.link.peerAddress
    ? `rejoined ${after}`
    : `rejoined ${after}, before at ${address}`;
}

/** What is added to a line about messages that go to others. */
function again(redelivered: number): string {
  return redelivered === 0
    ? ""
    : `; ${counted(redelivered, "message")} in flight to it redelivered`;
}

/**
 * Messages of a batch up to which each has a line of its own. A person sends
 * few at a time; a program that sends thousands gets a line for each batch.
 */
const LISTED_MAX = 16;

/** How many lines tell of a batch. */
function linesOf({ count }: Batch): number {
  return count > LISTED_MAX ? 1 : count;
}

/**
 * Calls `tell` for each line that a batch gets: with the sequences it speaks
 * of, and, when it is one, where in the batch's bytes its text is.
 */
function eachLine(
  batch: Batch,
  tell: (first: number, last: number, from: number, to: number) => void,
): void {
  const first = batch.firstSequence;
  if (batch.count > LISTED_MAX) {
    tell(first, first + batch.count - 1, 0, 0);
    return;
  }
  let at = 0;
  for (let i = 0; i < batch.count; i++) {
    const from = at + MESSAGE_HEADER_BYTES;
    at = from + readU32(batch.bytes, at);
    tell(first + i, first + i, from, at);
  }
}

/** `k3v9-17`, or `k3v9-17..1016` of several. */
function idOf(batch: Batch, first: number, last: number): string {
  const range = first < last ? `${first}..${last}` : `${first}`;
  return `${textOf(batch.sender.clientId)}-${range}`;
}

/** Begins a line with client and id, without making a string. */
function writeId(
  file: LogFile,
  batch: Batch,
  first: number,
  last: number,
): void {
  const { label, clientId } = batch.sender;
  file.begin().ascii("cliente ").ascii(label).ascii(" ").bytes(clientId)
    .ascii("-").decimal(first);
  if (first < last) file.ascii("..").decimal(last);
}
