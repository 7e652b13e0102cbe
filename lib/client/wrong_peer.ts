/**
 * A peer that is not what the client was told it is: a server answers without
 * that anything is stored, and a head is no echo.
 *
 * @module
 */

import type { PeerRole } from "./events.ts";

const reasons: Readonly<Record<PeerRole, string>> = {
  head: "it is a server, not a head",
  server: "it is a head, not a server",
};

/** Why a peer that was to be of this role is of no use, when it is not. */
export function whyWrongPeer(expected: PeerRole): string {
  return reasons[expected];
}
