/**
 * Calling a peer.
 *
 * @module
 */

import { DIAL_TIMEOUT_MS } from "../limits.ts";
import type { Dialer, Turn } from "../ports.ts";
import { parseAddress } from "./address.ts";
import { reasonOf, runLink } from "./link.ts";

/** Why a call failed when the name of the peer has no address. */
export const UNKNOWN_HOST = "no host of this name is known";

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
 * @throws {Error} There is no connection; see {@linkcode whyNotConnected}.
 */
export function connectTo(address: string): Promise<Deno.TcpConn> {
  const { host, port } = parseAddress(address);
  return Deno.connect({
    hostname: host,
    port,
    signal: AbortSignal.timeout(DIAL_TIMEOUT_MS),
  });
}

/** What {@linkcode connectTo} failed of, in words. */
export function whyNotConnected(error: unknown): string {
  return isUnknownHost(error) ? UNKNOWN_HOST : reasonOf(error);
}

/** The resolver's errors have no class of their own. */
function isUnknownHost(error: unknown): boolean {
  return error instanceof Error &&
    error.message.includes("failed to lookup address");
}
