/**
 * Addresses as people write them: `host:port`, `host`, `[::1]:port`.
 *
 * @module
 */

import { DEFAULT_PORT } from "../base/limits.ts";

/** A host and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads an address; without a port it is {@linkcode DEFAULT_PORT}.
 *
 * @throws {RangeError} The text is no address.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([\da-fA-F:.%\w]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/
    .exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError(`Cannot read address '${text}': expected HOST:PORT`);
  }
  return { host, port };
}
