/**
 * The handshake, both sides of it, as functions of the bytes so far.
 *
 * The first bytes decide how the rest of a connection is encoded:
 *
 *     peticion           chunk   what one read returns is one message
 *     peticion\n         line    one message a line
 *     peticion sd/2 …\n  frame   length-prefixed frames
 *
 * TCP may deliver `peticion\n` in two parts, and the first looks like the
 * request of an original program, which must be answered before it says
 * more. So the answer `confirmacion` goes out, and if the next byte shows that
 * a line was meant, the rest of the answer's line follows: together they are
 * what a line peer expects ({@linkcode readRestOfRequest}).
 *
 * @module
 */

import { GREETING_BYTES_MAX } from "../base/limits.ts";
import { bytesOf, startsWith, textOf } from "../base/ascii.ts";
import { CONFIRMATION, FORGET, REQUEST, STATUS } from "./words.ts";

/** How the bytes after the handshake are to be read. */
export const Encoding = {
  chunk: "chunk",
  line: "line",
  frame: "frame",
} as const;
/** See {@linkcode Encoding}. */
export type Encoding = typeof Encoding[keyof typeof Encoding];

/** The `key=value` words of a handshake line. */
export type Properties = Readonly<Record<string, string>>;

/** What a side of the handshake makes of the bytes so far. */
export type Greeting =
  /** Too few to tell. */
  | { readonly kind: "wait" }
  /** Not a handshake; the reason is for the peer. */
  | { readonly kind: "wrong"; readonly reason: string }
  /** Agreed; the first `used` bytes belonged to the handshake. */
  | {
    readonly kind: "agreed";
    readonly encoding: Encoding;
    readonly properties: Properties;
    readonly used: number;
  };

/** The first step of a handshake, or instead of one a question or an order. */
export type Request =
  | Greeting
  | { readonly kind: "status"; readonly used: number }
  | { readonly kind: "forget"; readonly id: string; readonly used: number };

/** The token that asks for frames, and grants them. */
const FRAMES = "sd/2";

const requestBytes = bytesOf(REQUEST);
const confirmationBytes = bytesOf(CONFIRMATION);
const statusLine = bytesOf(`${STATUS}\n`);
const forgetBytes = bytesOf(`${FORGET} `);
const LF = 10;
const CR = 13;
const SPACE = 32;
const WAIT: Greeting = { kind: "wait" };

/** The request of an sd-node peer. */
export function requestLine(properties: Properties = {}): string {
  return `${REQUEST} ${FRAMES}${formatProperties(properties)}\n`;
}

/**
 * What completes an answer to a request, after the word `confirmacion`.
 *
 * @param properties Told to frame and line peers alone; an original program
 * compares the whole answer.
 */
export function restOfConfirmation(
  encoding: Encoding,
  properties: Properties = {},
): string {
  if (encoding === Encoding.chunk) return "";
  if (encoding === Encoding.line) return "\n";
  return ` ${FRAMES}${formatProperties(properties)}\n`;
}

/** Reads the first step: the request of whoever connected. */
export function readRequest(bytes: Uint8Array, length: number): Request {
  const asked = Math.min(length, statusLine.length);
  if (startsWith(statusLine, bytes.subarray(0, asked))) {
    return asked < statusLine.length ? WAIT : { kind: "status", used: asked };
  }
  const ordered = Math.min(length, forgetBytes.length);
  if (startsWith(forgetBytes, bytes.subarray(0, ordered))) {
    return readForget(bytes, length);
  }
  const known = Math.min(length, requestBytes.length);
  if (!startsWith(requestBytes, bytes.subarray(0, known))) {
    return {
      kind: "wrong",
      reason: `expected '${REQUEST}', got ${quoteStart(bytes, length)}`,
    };
  }
  if (length < requestBytes.length) return WAIT;
  if (length === requestBytes.length) return agreedOnChunks(length);
  const rest = readRestOfRequest(bytes, length, requestBytes.length);
  // Bytes that are no line belong to a peer that did not wait for its answer.
  return rest ?? agreedOnChunks(requestBytes.length);
}

/** Reads `olvida ID`, which begins as it should. */
function readForget(bytes: Uint8Array, length: number): Request {
  const lf = bytes.subarray(0, length).indexOf(LF);
  if (lf < 0) return waitOrTooLong(length);
  const from = Math.min(forgetBytes.length, lf);
  const id = textOf(bytes, from, lf).trim();
  return { kind: "forget", id, used: lf + 1 };
}

/**
 * Reads what follows the word `peticion`.
 *
 * @param from Where in `bytes` the word ended.
 * @returns Undefined when this is no continuation of the request: then it was
 * a chunk peer's, and complete.
 */
export function readRestOfRequest(
  bytes: Uint8Array,
  length: number,
  from = 0,
): Greeting | undefined {
  const first = bytes[from];
  if (first === LF) return agreedOnLines(from + 1);
  if (first === CR) {
    if (from + 1 === length) return WAIT;
    return bytes[from + 1] === LF ? agreedOnLines(from + 2) : undefined;
  }
  if (first !== SPACE) return undefined;
  const end = bytes.subarray(0, length).indexOf(LF, from);
  if (end < 0) return waitOrTooLong(length - from);
  const { token, properties } = parseRest(bytes, from, end);
  if (token !== FRAMES) {
    return {
      kind: "wrong",
      reason: `expected '${REQUEST} ${FRAMES}', got ${
        quoteStart(bytes, length)
      }`,
    };
  }
  return {
    kind: "agreed",
    encoding: Encoding.frame,
    properties,
    used: end + 1,
  };
}

/**
 * Reads the second step: the answer to our request.
 *
 * @param silent Whether nothing has followed for a while, so that a bare
 * `confirmacion` can be taken for an original program's.
 */
export function readConfirmation(
  bytes: Uint8Array,
  length: number,
  silent: boolean,
): Greeting {
  const known = Math.min(length, confirmationBytes.length);
  if (!startsWith(confirmationBytes, bytes.subarray(0, known))) {
    return {
      kind: "wrong",
      reason: `expected '${CONFIRMATION}', got ${quoteStart(bytes, length)}`,
    };
  }
  if (length < confirmationBytes.length) return WAIT;
  if (length === confirmationBytes.length) {
    return silent ? agreedOnChunks(length) : WAIT;
  }
  const from = confirmationBytes.length;
  const first = bytes[from];
  if (first !== LF && first !== CR && first !== SPACE) {
    return agreedOnChunks(from);
  }
  const end = bytes.subarray(0, length).indexOf(LF, from);
  if (end < 0) return waitOrTooLong(length);
  const { token, properties } = parseRest(bytes, from, end);
  return {
    kind: "agreed",
    encoding: token === FRAMES ? Encoding.frame : Encoding.line,
    properties,
    used: end + 1,
  };
}

/** What a handshake line says after its first word, token and properties. */
export function parseRest(
  bytes: Uint8Array,
  from: number,
  end: number,
): { readonly token: string; readonly properties: Properties } {
  let token = "";
  const properties: Record<string, string> = {};
  for (const word of textOf(bytes, from, end).split(/\s+/)) {
    const equals = word.indexOf("=");
    if (equals > 0) properties[word.slice(0, equals)] = word.slice(equals + 1);
    else if (token === "") token = word;
  }
  return { token, properties };
}

/** Properties as they stand in a handshake line, with a leading space. */
export function formatProperties(properties: Properties): string {
  return Object.entries(properties)
    .map(([key, value]) => ` ${key}=${value}`).join("");
}

/** The start of what a peer sent, fit for one line of a log. */
export function quoteStart(bytes: Uint8Array, length: number): string {
  const shown = Math.min(length, 32);
  const text = JSON.stringify(textOf(bytes, 0, shown)).slice(1, -1);
  return `'${text}${length > shown ? "…" : ""}'`;
}

function agreedOnChunks(used: number): Greeting {
  return { kind: "agreed", encoding: Encoding.chunk, properties: {}, used };
}

function agreedOnLines(used: number): Greeting {
  return { kind: "agreed", encoding: Encoding.line, properties: {}, used };
}

function waitOrTooLong(length: number): Greeting {
  if (length <= GREETING_BYTES_MAX) return WAIT;
  return {
    kind: "wrong",
    reason: `a handshake line is at most ${GREETING_BYTES_MAX} bytes`,
  };
}
