/**
 * The values of flags as people write them: durations, sizes, addresses.
 *
 * Each reader returns undefined for what it cannot read; the caller says what
 * is accepted.
 *
 * @module
 */

import { parseAddress } from "../net/address.ts";

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `200ms`, `5s`, `1.5m`, `2h`, in ms; a bare number is none. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * durationUnits[match[2]!]!);
}

/** A duration in ms, as {@linkcode readDuration} reads it. */
export function writeDuration(ms: number): string {
  if (ms >= 1000 && ms % 1000 === 0) return `${ms / 1000}s`;
  return `${ms}ms`;
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
