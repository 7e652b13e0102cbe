/**
 * Messages that were read back, as lines for people and programs.
 *
 * @module
 */

import { unescapeInto } from "../store/escape.ts";
import { TIME_BYTES } from "../store/record.ts";
import { textOf } from "../wire/ascii.ts";
import type { ByteQueue } from "../wire/byte_queue.ts";
import { bytesOf } from "../wire/ascii.ts";
import type { Line } from "./core.ts";

/** The formats, as `--format` names them. */
export const readFormats = ["text", "json", "csv"] as const;
/** See {@linkcode readFormats}. */
export type ReadFormat = typeof readFormats[number];

const LF = 10;

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
  const payload = payloadOf(line);
  const nodes = textOf(bytes, record.holdersStart, record.holdersEnd);
  const head = { id: idOf(line), time: timeOf(line), nodes: nodes.split(",") };
  let message: { message: string } | { base64: string };
  try {
    message = { message: strictText.decode(payload) };
  } catch {
    message = { base64: payload.toBase64() };
  }
  out.append(bytesOf(JSON.stringify({ ...head, ...message })));
  endLine(out);
}

function writeCsv(out: ByteQueue, line: Line): void {
  const text = new TextDecoder().decode(payloadOf(line));
  const quoted = /[",\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
  out.append(bytesOf(`${timeOf(line)},${idOf(line)},${quoted}\r\n`));
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
