/**
 * Messages that were read back, as lines for people and programs.
 *
 * @module
 */

import { NODE_ID_BYTES } from "../limits.ts";
import { unescapeInto } from "../store/escape.ts";
import { TIME_BYTES } from "../store/record.ts";
import { bytesOf, decimalLength, textOf, writeDecimal } from "../wire/ascii.ts";
import type { ByteQueue } from "../wire/byte_queue.ts";
import type { Line } from "./core.ts";

/** The formats, as `--format` names them. */
export const readFormats = ["text", "json", "csv"] as const;
/** See {@linkcode readFormats}. */
export type ReadFormat = typeof readFormats[number];

const LF = 10;

// What stands between the parts of a line, which are copied as they are.
const jsonId = bytesOf('{"id":"');
const jsonTime = bytesOf('","time":"');
const jsonNodes = bytesOf('","nodes":["');
const jsonNext = bytesOf('","');
const jsonMessage = bytesOf('"],"message":"');
const jsonEnd = bytesOf('"}\n');
const comma = bytesOf(",");
const dash = bytesOf("-");
const csvEnd = bytesOf("\r\n");

/**
 * 1 for the bytes that keep an escaped payload from being copied as it is: a
 * backslash, since it stands for something else, what the format escapes, and
 * control bytes, which only a record that is not ours can have.
 */
const inJsonText = tableOf('\\"');
const inCsvText = tableOf('\\",');

const looseText = new TextDecoder("utf-8", { ignoreBOM: true });
const strictText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Appends one message. */
export type WriteLine = (out: ByteQueue, line: Line) => void;

/**
 * How lines are written in `format`:
 * - `text`: the message alone, byte for byte; on a terminal escaped as in
 *   `data.txt`, so that it can neither break lines nor be obeyed;
 * - `json`: an object with `id`, `time`, `nodes`, and `message`, or `base64`
 *   when the message is no UTF-8;
 * - `csv`: RFC 4180, with the columns of {@linkcode csvHeader}.
 */
export function lineWriter(
  format: ReadFormat,
  isTerminal: boolean,
): WriteLine {
  switch (format) {
    case "text":
      return isTerminal ? writeEscaped : writePlain;
    case "json":
      return writeJson;
    case "csv":
      return writeCsv;
  }
}

/** The first line of `csv`. */
export const csvHeader = "time,id,message\r\n";

function writeEscaped(out: ByteQueue, { bytes, record }: Line): void {
  out.append(bytes, record.payloadStart, record.payloadEnd);
  endLine(out);
}

function writePlain(out: ByteQueue, { bytes, record }: Line): void {
  const { payloadStart, payloadEnd } = record;
  const at = out.reserve(payloadEnd - payloadStart);
  const end = unescapeInto(out.bytes, at, bytes, payloadStart, payloadEnd);
  out.commit(Math.max(end, at) - at);
  endLine(out);
}

function writeJson(out: ByteQueue, line: Line): void {
  const { bytes, record } = line;
  const { payloadStart, payloadEnd } = record;
  out.append(jsonId);
  appendId(out, line);
  out.append(jsonTime);
  out.append(bytes, record.start, record.start + TIME_BYTES);
  out.append(jsonNodes);
  appendNodes(out, line);
  if (hasNone(inJsonText, bytes, payloadStart, payloadEnd)) {
    out.append(jsonMessage);
    out.append(bytes, payloadStart, payloadEnd);
    out.append(jsonEnd);
  } else {
    out.append(bytesOf(`"],${jsonOf(payloadOf(line))}}\n`));
  }
}

/** The payload as a member of a JSON object. */
function jsonOf(payload: Uint8Array<ArrayBuffer>): string {
  try {
    return `"message":${JSON.stringify(strictText.decode(payload))}`;
  } catch {
    return `"base64":"${payload.toBase64()}"`;
  }
}

function writeCsv(out: ByteQueue, line: Line): void {
  const { bytes, record } = line;
  const { payloadStart, payloadEnd } = record;
  out.append(bytes, record.start, record.start + TIME_BYTES);
  out.append(comma);
  appendId(out, line);
  out.append(comma);
  if (hasNone(inCsvText, bytes, payloadStart, payloadEnd)) {
    out.append(bytes, payloadStart, payloadEnd);
  } else {
    const text = looseText.decode(payloadOf(line));
    const isQuoted = /[",\r\n]/.test(text);
    out.append(bytesOf(isQuoted ? `"${text.replaceAll('"', '""')}"` : text));
  }
  out.append(csvEnd);
}

/** Appends `<client id>-<sequence>`. */
function appendId(out: ByteQueue, { bytes, record }: Line): void {
  out.append(bytes, record.clientStart, record.clientEnd);
  out.append(dash);
  const at = out.reserve(decimalLength(record.sequence));
  out.commit(writeDecimal(out.bytes, at, record.sequence) - at);
}

/** Appends `a1b2c3d4","e5f6g7h8` for the holders `a1b2c3d4,e5f6g7h8`. */
function appendNodes(out: ByteQueue, { bytes, record }: Line): void {
  const { holdersStart, holdersEnd } = record;
  for (let at = holdersStart; at < holdersEnd; at += NODE_ID_BYTES + 1) {
    if (at > holdersStart) out.append(jsonNext);
    out.append(bytes, at, at + NODE_ID_BYTES);
  }
}

function hasNone(
  table: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let i = from; i < to; i++) if (table[bytes[i]!] === 1) return false;
  return true;
}

function endLine(out: ByteQueue): void {
  const at = out.reserve(1);
  out.bytes[at] = LF;
  out.commit(1);
}

function payloadOf({ bytes, record }: Line): Uint8Array<ArrayBuffer> {
  const payload = bytes.slice(record.payloadStart, record.payloadEnd);
  const end = unescapeInto(payload, 0, payload, 0, payload.length);
  return payload.slice(0, Math.max(end, 0));
}

/** `<client id>-<sequence>`. */
export function idOf({ bytes, record }: Line): string {
  const client = textOf(bytes, record.clientStart, record.clientEnd);
  return `${client}-${record.sequence}`;
}

/** When a head received it: `2026-11-23T18:23:45.123Z`. */
export function timeOf({ bytes, record }: Line): string {
  return textOf(bytes, record.start, record.start + TIME_BYTES);
}

function tableOf(bytes: string): Uint8Array {
  const table = new Uint8Array(256).fill(1, 0, 0x20);
  table[0x7f] = 1;
  for (const byte of bytesOf(bytes)) table[byte] = 1;
  return table;
}
