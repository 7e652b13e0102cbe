/**
 * What becomes of a connection to a peer that is not what was looked for.
 *
 * @module
 */

import type { CalledSession } from "./call.ts";
import type { Link } from "../base/ports.ts";

/** A connection to a peer of no use: nothing is said on it, and it ends. */
export class UselessSession implements CalledSession {
  readonly farewell: string;

  /** @param reason Why the peer is of no use, in words. */
  constructor(link: Link, reason: string) {
    this.farewell = reason;
    link.end();
  }

  received(_bytes: Uint8Array, length: number): number {
    return length;
  }

  ended(): void {}

  drained(): void {}

  closed(): void {}
}
