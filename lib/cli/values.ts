/**
 * The values of flags as people write them: durations, sizes, addresses.
 *
 * @module
 */

import {
  CLIENT_ID_BYTES_MAX,
  NODE_ID_BYTES,
  TIME_MS_MAX,
} from "../base/limits.ts";
import { parseAddress } from "../system/address.ts";
import { isClientId, isNodeId } from "../base/names.ts";
import type { RoleName } from "./command.ts";

/** The words that stand for values in help. */
export type ValueName =
  | "ADDRESS"
  | "DIR"
  | "FORMAT"
  | "HOST:PORT,…"
  | "HOW"
  | "ID"
  | "LEVEL"
  | "N"
  | "NAME"
  | "PORT"
  | "SIZE"
  | "TEXT"
  | "TIME"
  | "WHAT"
  | "WHEN"
  | RoleName;

/** What a flag accepts. */
export interface ValueKind<T> {
  readonly metavar: ValueName;
  /** In words, for the one line about a wrong value. */
  readonly expected: string;
  /** Any value of the type. */
  readonly placeholder: T;
  /** Undefined for what is not accepted. */
  read(text: string): T | undefined;
  write(value: T): string;
}

/** A whole number in decimal, from `min` to `max`. */
export const wholeKind = (
  min: number,
  max: number,
  metavar: ValueName,
): ValueKind<number> => ({
  metavar,
  expected: `a whole number from ${min} to ${max}`,
  placeholder: min,
  read: (text) => readWhole(text, min, max),
  write: String,
});

/**
 * Longest time that is waited for, in ms: a timer of more than 2^31 - 1 ms,
 * 24.8 days, fires at once.
 */
const DURATION_MS_MAX = 24 * 86_400_000;

/** A time of at least `minMs`, in ms, for a timer. */
export const durationKind = (minMs: number): ValueKind<number> => ({
  metavar: "TIME",
  expected: "a time such as 200ms, 5s or 2m, " +
    between(minMs, DURATION_MS_MAX, writeDuration),
  placeholder: minMs,
  read: (text) => within(minMs, DURATION_MS_MAX, readDuration(text)),
  write: writeDuration,
});

/** Shortest patience, in ms: less would do its work over and over. */
const PATIENCE_MS_MIN = 100;

/** Longest patience but `never`, in ms: ten years. */
const PATIENCE_MS_MAX = 3_650 * 86_400_000;

/** A time in ms, measured and not waited for, or `never`, which is Infinity. */
export const patienceKind: ValueKind<number> = {
  metavar: "TIME",
  expected: "a time such as 30s or 5m, " +
    `${between(PATIENCE_MS_MIN, PATIENCE_MS_MAX, writeDuration)}, or never`,
  placeholder: Infinity,
  read: (text) =>
    text === "never"
      ? Infinity
      : within(PATIENCE_MS_MIN, PATIENCE_MS_MAX, readDuration(text)),
  write: (ms) => ms === Infinity ? "never" : writeDuration(ms),
};

/** Largest size, in bytes: more than a machine has memory. */
const SIZE_BYTES_MAX = 1024 ** 4;

/** A size of at least `minBytes`, in bytes. */
export const sizeKind = (minBytes: number): ValueKind<number> => ({
  metavar: "SIZE",
  expected: "a size such as 512KiB or 64MiB, " +
    between(minBytes, SIZE_BYTES_MAX, writeSize),
  placeholder: minBytes,
  read: (text) => within(minBytes, SIZE_BYTES_MAX, readSize(text)),
  write: writeSize,
});

/** One or more peers. */
export const addressesKind: ValueKind<readonly string[]> = {
  metavar: "HOST:PORT,…",
  expected: "HOST:PORT[,HOST:PORT…]",
  placeholder: [],
  read: readAddresses,
  write: (list) => list.join(","),
};

/** One of a few words. */
export const oneOfKind = <T extends string>(
  names: readonly T[],
  metavar: ValueName,
): ValueKind<T> => ({
  metavar,
  expected: `one of ${names.join(", ")}`,
  placeholder: names[0]!,
  read: (text) => names.find((name) => name === text),
  write: String,
});

/** The first moment with a year of four digits, in ms since 1970. */
const YEAR_0_MS = -62_167_219_200_000;

/** A moment: a date, a time, or how long ago; in ms since 1970. */
export const momentKind: ValueKind<number> = {
  metavar: "TIME",
  expected:
    "a time such as 2026-11-23, 2026-11-23T18:30:00Z, or 10m ago as 10m",
  placeholder: 0,
  read: readMoment,
  write: (ms) => new Date(ms).toISOString(),
};

/** The id of a client. */
export const clientIdKind: ValueKind<string> = {
  metavar: "ID",
  expected: `1 to ${CLIENT_ID_BYTES_MAX} of A-Z a-z 0-9 _ . -`,
  placeholder: "c",
  read: (text) => isClientId(text) ? text : undefined,
  write: String,
};

/** The id of a data node. */
export const nodeIdKind: ValueKind<string> = {
  metavar: "ID",
  expected: `${NODE_ID_BYTES} of a-z 0-9, as --read and estado name them`,
  placeholder: "a".repeat(NODE_ID_BYTES),
  read: (text) => isNodeId(text) ? text : undefined,
  write: String,
};

/** Longest name of a client: a dot and a random part follow it in its id. */
const NAME_LENGTH_MAX = 48;

/** What a client's id begins with. */
export const clientNameKind: ValueKind<string> = {
  metavar: "NAME",
  expected: `1 to ${NAME_LENGTH_MAX} of A-Z a-z 0-9 _ . -`,
  placeholder: "c",
  read: (text) =>
    isClientId(text) && text.length <= NAME_LENGTH_MAX ? text : undefined,
  write: String,
};

/** Any text but none. */
export const textKind = (metavar: ValueName): ValueKind<string> => ({
  metavar,
  expected: "a text",
  placeholder: "",
  read: (text) => text === "" ? undefined : text,
  write: String,
});

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

function within(
  min: number,
  max: number,
  value: number | undefined,
): number | undefined {
  return value !== undefined && value >= min && value <= max
    ? value
    : undefined;
}

function between(
  min: number,
  max: number,
  write: (value: number) => string,
): string {
  return `at least ${write(min)} and at most ${write(max)}`;
}

/** `200ms`, `5s`, `1.5m`, `2h`, in ms; a bare number is none. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * durationUnits[match[2]!]!);
}

/** A duration in ms, as {@linkcode readDuration} reads it. */
export function writeDuration(ms: number): string {
  if (ms >= 86_400_000 && ms % 86_400_000 === 0) return `${ms / 86_400_000}d`;
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms >= 1000 && ms % 1000 === 0) return `${ms / 1000}s`;
  return `${ms}ms`;
}

/** One moment for all that is so long ago. */
const startedMs = Date.now();

/**
 * A date; with a time if need be, of this host's zone if none is given. Days
 * are of the UTC, as in ISO 8601 for programs (ECMA-262, 21.4.1.32).
 */
const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** `2026-11-23`, `2026-11-23T18:30:00Z`, or `10m` ago, in ms since 1970. */
export function readMoment(
  text: string,
  nowMs: number = startedMs,
): number | undefined {
  const agoMs = readDuration(text);
  if (agoMs !== undefined) {
    return within(YEAR_0_MS, TIME_MS_MAX, nowMs - agoMs);
  }
  const [, year, month, day] = dateTime.exec(text) ?? [];
  // Date.parse takes 30 February for 2 March.
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  return within(YEAR_0_MS, TIME_MS_MAX, Date.parse(text.replace(" ", "T")));
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** `512KiB`, `64MiB`, in bytes. */
export function readSize(text: string): number | undefined {
  const match = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * sizeUnits[match[2]!]!;
}

/** A size in bytes, as {@linkcode readSize} reads it. */
export function writeSize(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const factor = sizeUnits[unit]!;
    if (bytes >= factor && bytes % factor === 0) {
      return `${bytes / factor}${unit}`;
    }
  }
  return `${bytes}B`;
}

/** A whole number in decimal, from `min` to `max`. */
export function readWhole(
  text: string,
  min: number,
  max: number,
): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

/** `HOST:PORT[,HOST:PORT…]`; port 5000 may be left out. */
export function readAddresses(text: string): readonly string[] | undefined {
  try {
    return text.split(",").map((part) => {
      const { host, port } = parseAddress(part.trim());
      return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    });
  } catch {
    return undefined;
  }
}
