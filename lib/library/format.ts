/**
 * Messages that were read back, as lines for people and programs.
 *
 * @module
 */

import { NODE_ID_BYTES } from "../base/limits.ts";
import { unescapeInto } from "../wire/escape.ts";
import { TIME_BYTES } from "../store/record.ts";
import { visible, visibleJson } from "../wire/visible.ts";
import { bytesOf, decimalLength, textOf, writeDecimal } from "../base/ascii.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import type { Line } from "../reader/events.ts";

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
 * control bytes, which only a record that is not ours can have. 2 for those
 * that begin a character that is not seen, if the right ones follow.
 */
const inJsonText = tableOf('\\"');
const inCsvText = tableOf('\\",');
inJsonText[0xd8] = 2;
inJsonText[0xe2] = 2;

/** 1 for the bytes that keep a header, which is ASCII, from being copied. */
const inHeader = tableOf('\\"').fill(1, 0x80);

const looseText = new TextDecoder("utf-8", { ignoreBOM: true });
const strictText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Appends one message. */
export type WriteLine = (out: ByteQueue, line: Line) => void;

/**
 * How lines are written in `format`:
 * - `text`: the message alone, byte for byte; on a terminal escaped as in
 *   `data.txt`, so that it can neither break lines nor be obeyed;
 * - `json`: an object with `id`, `time`, `nodes`, and `message`, or `base64`
 *   when the message is no UTF-8; what a terminal would obey is `\uHHHH`;
 * - `csv`: RFC 4180, with the columns of {@linkcode csvHeader}; a byte that is
 *   no UTF-8 is `\xHH`; on a terminal messages are escaped as in `data.txt`.
 *
 * A cell of `csv` is what was sent, also when a spreadsheet would take it for a
 * formula: a mark in front would be read back as part of the message.
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
      return isTerminal ? writeVisibleCsv : writeCsv;
  }
}

/** The first line of `csv`. */
export const csvHeader = "time,id,message\r\n";

function writeEscaped(out: ByteQueue, line: Line): void {
  out.append(bytesOf(escapedPayloadOf(line)));
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
  if (!hasPlainHeader(line)) {
    out.append(bytesOf(foreignJsonOf(line)));
    return;
  }
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
    return `"message":${visibleJson(strictText.decode(payload))}`;
  } catch {
    return `"base64":"${payload.toBase64()}"`;
  }
}

/** A record whose header is not as ours are: no string of it is trusted. */
function foreignJsonOf(line: Line): string {
  const { bytes, record } = line;
  const nodes = textOf(bytes, record.holdersStart, record.holdersEnd);
  return `{"id":${visibleJson(idOf(line))},"time":${
    visibleJson(timeOf(line))
  },` +
    `"nodes":[${nodes.split(",").map(visibleJson).join(",")}],` +
    `${jsonOf(payloadOf(line))}}\n`;
}

function writeCsv(out: ByteQueue, line: Line): void {
  const { bytes, record } = line;
  const { payloadStart, payloadEnd } = record;
  appendCsvHeader(out, line);
  if (hasNone(inCsvText, bytes, payloadStart, payloadEnd)) {
    out.append(bytes, payloadStart, payloadEnd);
  } else {
    out.append(bytesOf(cellOf(textWithHex(line))));
  }
  out.append(csvEnd);
}

function writeVisibleCsv(out: ByteQueue, line: Line): void {
  appendCsvHeader(out, line);
  out.append(bytesOf(cellOf(escapedPayloadOf(line))));
  out.append(csvEnd);
}

/** Appends the time and the id. */
function appendCsvHeader(out: ByteQueue, line: Line): void {
  const { bytes, record } = line;
  if (hasPlainHeader(line)) {
    out.append(bytes, record.start, record.start + TIME_BYTES);
    out.append(comma);
    appendId(out, line);
  } else {
    const cells = [timeOf(line), idOf(line)];
    out.append(bytesOf(cells.map((cell) => cellOf(visible(cell))).join(",")));
  }
  out.append(comma);
}

/** A cell of RFC 4180. */
function cellOf(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * An escape of `data.txt`, see escape.ts: a C1 control, another control, a byte
 * that is no UTF-8, or a letter.
 */
const escape =
  /\\(?:xc2\\x([89][\da-f])|x([0-7][\da-f])|x[\da-f]{2}|([\\nrt]))/g;

const letters: Readonly<Record<string, string>> = {
  "\\": "\\",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** The message as text; what is no UTF-8 stays as `data.txt` has it, `\xHH`. */
function textWithHex({ bytes, record }: Line): string {
  const { payloadStart, payloadEnd } = record;
  const text = looseText.decode(bytes.subarray(payloadStart, payloadEnd));
  return text.replaceAll(
    escape,
    (hex: string, c1?: string, c0?: string, letter?: string) => {
      if (letter !== undefined) return letters[letter]!;
      const code = c1 ?? c0;
      return code === undefined ? hex : String.fromCharCode(parseInt(code, 16));
    },
  );
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
  for (let i = from; i < to; i++) {
    const kind = table[bytes[i]!];
    if (kind === 0) continue;
    if (kind === 1 || beginsUnseen(bytes, i, to)) return false;
  }
  return true;
}

/** Whether the character at `i`, of two or three bytes, is not seen. */
function beginsUnseen(bytes: Uint8Array, i: number, to: number): boolean {
  const second = i + 1 < to ? bytes[i + 1]! : 0;
  const third = i + 2 < to ? bytes[i + 2]! : 0;
  // U+061C; U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069.
  if (bytes[i] === 0xd8) return second === 0x9c;
  return second === 0x80 &&
      (third === 0x8e || third === 0x8f || third >= 0xa8 && third <= 0xae) ||
    second === 0x81 && third >= 0xa6 && third <= 0xa9;
}

/** Whether all in front of the payload can be copied as it is. */
function hasPlainHeader({ bytes, record }: Line): boolean {
  return hasNone(inHeader, bytes, record.start, record.clientEnd);
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

/** The payload as it stands in `data.txt`, all of it to be seen. */
function escapedPayloadOf({ bytes, record }: Line): string {
  return visible(
    looseText.decode(bytes.subarray(record.payloadStart, record.payloadEnd)),
  );
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
