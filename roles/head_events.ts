/**
 * What a head tells of itself, as lines of its log.
 *
 * @module
 */

import type { Batch } from "../lib/head/batch.ts";
import type { HeadEvents } from "../lib/head/events.ts";
import type { Log } from "../lib/log.ts";
import type { LogFile } from "../lib/log/log_file.ts";
import { escapedText } from "../lib/store/escape.ts";
import { textOf } from "../lib/wire/ascii.ts";
import { MESSAGE_HEADER_BYTES } from "../lib/wire/client_frames.ts";

/** Events that write to `registry`, and to the console what it can take. */
export function headEvents(log: Log, registry: LogFile): HeadEvents {
  const events = log.events(registry);
  return {
    refusedPeer: (label, reason) =>
      events.warning(`${label} refused: ${reason}`),
    clientJoined: (label, encoding) =>
      events.info(`cliente ${label} joined (${encoding})`),
    clientLeft: (label, reason) =>
      events.info(`cliente ${label} left: ${reason}`),
    memberJoined: (member, encoding) =>
      events.info(`dataNode ${member.label} joined (${encoding})`, {
        node: member.id,
      }),
    memberLeft(member, reason, redelivered) {
      const again = redelivered === 0
        ? ""
        : `; ${redelivered} batches in flight go to others`;
      events.warning(
        `dataNode ${member.label} left: ${reason}${again}`,
        { node: member.id },
      );
    },
    memberDraining: (member) =>
      events.info(`dataNode ${member.label} drains: it gets no new messages`, {
        node: member.id,
      }),
    memberDrained: (member) =>
      events.info(`dataNode ${member.label} left: it has drained`, {
        node: member.id,
      }),
    placed(batch, member) {
      writeName(registry, batch).ascii(" -> dataNode ").ascii(member.label);
      writeText(registry, batch).end();
      if (!log.showsMessage()) return;
      const text = batch.count > 1 ? "" : `, mensaje: ${payloadOf(batch)}`;
      log.message(`${nameOf(batch)} -> dataNode ${member.label}${text}`);
    },
    stored(batch, member) {
      writeName(registry, batch).ascii(" <- dataNode ").ascii(member.label)
        .ascii(", mensaje: recibido").end();
      if (!log.showsMessage()) return;
      log.message(
        `${nameOf(batch)} <- dataNode ${member.label}, mensaje: recibido`,
      );
    },
    memberRefused: (member, batches, reason) =>
      events.warning(
        `dataNode ${member.label} could not store ${batches} batches: ` +
          reason,
        { node: member.id },
      ),
    refused: (batch, reason) =>
      events.warning(`${nameOf(batch)} cannot be stored: ${reason}`),
    holding: (live, needed) =>
      events.warning(
        live === 0
          ? "no hay dataNodes: messages wait until one joins"
          : `${live} of ${needed} dataNodes: messages wait until more join`,
      ),
    released: (messages) =>
      events.info(`${messages} messages that waited are on their way`),
    fewerCopies: (copies, replicas) =>
      copies < replicas
        ? events.warning(
          `Only ${copies} dataNodes: messages get ${copies} of ` +
            `${replicas} copies`,
        )
        : events.info(`Messages get ${replicas} copies again`),
  };
}

/** `cliente 172.30.0.20:41112 k3v9-17`, or `… k3v9-17..1016` of several. */
function nameOf(batch: Batch): string {
  const { label, clientId } = batch.sender;
  const first = batch.firstSequence;
  const last = batch.count > 1 ? `..${first + batch.count - 1}` : "";
  return `cliente ${label} ${textOf(clientId)}-${first}${last}`;
}

/** The same, without making a string. */
function writeName(file: LogFile, batch: Batch): LogFile {
  const { label, clientId } = batch.sender;
  file.begin().ascii("cliente ").ascii(label).ascii(" ").bytes(clientId)
    .ascii("-").decimal(batch.firstSequence);
  if (batch.count > 1) {
    file.ascii("..").decimal(batch.firstSequence + batch.count - 1);
  }
  return file;
}

function writeText(file: LogFile, batch: Batch): LogFile {
  if (batch.count > 1) {
    return file.ascii(", mensajes: ").decimal(batch.count);
  }
  return file.ascii(", mensaje: ")
    .escaped(batch.bytes, MESSAGE_HEADER_BYTES, batch.length);
}

function payloadOf(batch: Batch): string {
  return escapedText(batch.bytes, MESSAGE_HEADER_BYTES, batch.length);
}
