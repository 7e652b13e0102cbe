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
        conn = await connect(address);
      } catch (error) {
        failed(isUnknownHost(error) ? UNKNOWN_HOST : reasonOf(error));
        return;
      }
      runLink(conn, turn, opened);
    },
  };
}

function connect(address: string): Promise<Deno.TcpConn> {
  const { host, port } = parseAddress(address);
  return Deno.connect({
    hostname: host,
    port,
    signal: AbortSignal.timeout(DIAL_TIMEOUT_MS),
  });
}

/** The resolver's errors have no class of their own. */
function isUnknownHost(error: unknown): boolean {
  return error instanceof Error &&
    error.message.includes("failed to lookup address");
}
