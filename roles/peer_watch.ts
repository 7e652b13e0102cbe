/**
 * How a client fares with its peers: what is said when there is none, and
 * whether there is any use in calling again.
 *
 * @module
 */

import type { EventLog } from "../lib/system/log.ts";
import type { Clock } from "../lib/base/ports.ts";
import { newHopelessness, whatNext } from "./running.ts";

/** What a watch works with. */
export interface PeerWatchOptions {
  readonly clock: Clock;
  readonly events: EventLog;
  /** The peers, any of which will do. */
  readonly to: readonly string[];
  /** Whether a peer that is lost for this reason is never of use. */
  isUseless(reason: string): boolean;
}

/** Says once what is wrong with the peers, and when there is no hope left. */
export class PeerWatch {
  readonly #options: PeerWatchOptions;
  readonly #isUnknown: (address: string, reason: string) => boolean;
  /** Why the last call of each peer failed. */
  readonly #reasons = new Map<string, string>();
  /** Whether there ever was a connection. */
  hasConnected = false;
  /** Whether there is none, and that was said. */
  isAway = false;

  constructor(options: PeerWatchOptions) {
    this.#options = options;
    this.#isUnknown = newHopelessness(options.clock, options.to);
  }

  /** There is a connection. @returns Whether it is one after a loss. */
  connected(): boolean {
    const isAgain = this.hasConnected;
    this.hasConnected = true;
    this.isAway = false;
    return isAgain;
  }

  /**
   * There is no connection, which is said once.
   *
   * @param isQuiet Whether nothing need be said.
   * @returns Why there is no use in calling again, if there is none. A peer
   * that there was a connection with before may always come back.
   */
  lost(
    address: string,
    reason: string,
    isQuiet: boolean = false,
  ): string | undefined {
    const { events } = this.#options;
    if (!this.hasConnected) {
      if (this.#isUnknown(address, reason)) {
        return `Cannot find ${address}: ${reason}`;
      }
      this.#reasons.set(address, reason);
      const useless = this.#useless();
      if (useless !== undefined) return useless;
    }
    if (this.isAway || isQuiet) return undefined;
    this.isAway = true;
    const next = whatNext(reason, this.hasConnected);
    events.warning(`No connection to ${address}: ${reason}; ${next}`);
    return undefined;
  }

  /** What is said when no peer can be reached but such that are of no use. */
  #useless(): string | undefined {
    const { to, isUseless } = this.#options;
    if (!to.every((address) => this.#reasons.has(address))) return undefined;
    const useless = [...this.#reasons]
      .filter(([, reason]) => isUseless(reason))
      .map(([address, reason]) => `${address}: ${reason}`);
    return useless.length === 0
      ? undefined
      : `Cannot use ${useless.join("; ")}`;
  }
}
