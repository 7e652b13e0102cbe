/**
 * Calling a peer.
 *
 * @module
 */

import { DIAL_TIMEOUT_MS } from "../base/limits.ts";
import type { Dialer, Turn } from "../base/ports.ts";
import { parseAddress } from "./address.ts";
import { reasonOf, runLink } from "./link.ts";

/** Why a call failed when the name of the peer has no address. */
export const UNKNOWN_HOST = "no host of this name is known";

/** Why a call failed when nobody could tell the address: it may be known. */
export const UNRESOLVED_HOST =
  "its name cannot be resolved now (temporary failure)";

/** A {@linkcode Dialer} that uses `Deno.connect`. */
export function newDialer(turn: Turn): Dialer {
  return {
    async dial(address, opened, failed) {
      let conn: Deno.TcpConn;
      try {
        conn = await connectTo(address);
      } catch (error) {
        failed(whyNotConnected(error));
        return;
      }
      runLink(conn, turn, opened);
    },
  };
}

/**
 * Connects to `host:port`.
 *
 * @param timeoutMs For finding its address and for connecting.
 * @throws {Error} There is no connection; see {@linkcode whyNotConnected}.
 */
export function connectTo(
  address: string,
  timeoutMs: number = DIAL_TIMEOUT_MS,
): Promise<Deno.TcpConn> {
  const { host, port } = parseAddress(address);
  return Deno.connect({
    hostname: host,
    port,
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** What {@linkcode connectTo} failed of, in words. */
export function whyNotConnected(error: unknown): string {
  if (!(error instanceof Error)) return reasonOf(error);
  // Two dots in a row, say: no resolver is asked.
  if (error.name === "URIError") return UNKNOWN_HOST;
  return whyUnresolved(error.message) ?? reasonOf(error);
}

/** What getaddrinfo's errors begin with, on all systems but Windows. */
const lookup = /failed to lookup address(?: information)?: (.*)/;

/**
 * There is no such name, or no address for it (EAI_NONAME, EAI_NODATA): in the
 * words of glibc, of musl and BSD, of macOS; and of Windows, whose words are
 * translated, by number.
 */
const unknown = new RegExp(
  [
    "Name or service not known",
    "No address associated with (?:host)?name",
    "Name does not resolve",
    "Name has no usable address",
    "(?:node|host)name nor servname provided, or not known",
    "\\(os error 1100[14]\\)",
  ].join("|"),
);

/**
 * The resolver could not be reached, or could not tell (EAI_AGAIN, also for
 * SERVFAIL): glibc and macOS; musl; Windows.
 */
const temporary =
  /Temporary failure in name resolution|Try again|\(os error 11002\)/;

/** The resolver's errors have no class of their own. */
function whyUnresolved(message: string): string | undefined {
  const words = lookup.exec(message)?.[1] ??
    (/\(os error 1100\d\)/.test(message) ? message : undefined);
  if (words === undefined) return undefined;
  if (unknown.test(words)) return UNKNOWN_HOST;
  if (temporary.test(words)) return UNRESOLVED_HOST;
  // Not known to be final, so not taken for it.
  return `its name cannot be resolved now (${words})`;
}
