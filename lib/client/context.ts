/**
 * What a client core and its sessions with peers know of each other.
 *
 * @module
 */

import type { CalledSession } from "../calling/call.ts";
import type { CallerPorts } from "../calling/caller.ts";
import type { WireErrorKind } from "../wire/errors.ts";
import type { Answer, ClientEvents } from "./events.ts";
import type { Outbox } from "./outbox.ts";

/** What the peer must be; `auto` finds out what it is. */
export type PeerChoice = "auto" | "head" | "server";

/** How a client is set up. */
export interface ClientOptions {
  /** Peers to choose from, each `host:port`, at least one. */
  readonly to: readonly string[];
  /** Its id; sequences under it are never used for another message. */
  readonly clientId: string;
  readonly peer: PeerChoice;
}

/** What a client core needs from outside. */
export interface ClientPorts extends CallerPorts {
  readonly events: ClientEvents;
}

/** A session with a peer, as the client core sees it. */
export interface PeerSession extends CalledSession {
  /** Sends unsent messages, as many as fit. */
  pump(): void;
  /** Moves deadlines. */
  tick(nowMs: number): void;
  /** Closes the connection, after what was written to it. */
  end(): void;
}

/** What sessions need of their client core. */
export interface ClientContext {
  readonly ports: ClientPorts;
  readonly options: ClientOptions;
  readonly outbox: Outbox;
  /** Highest tick of the receipts so far. */
  after: number;
  /** Notes that a range of messages was answered. */
  answered(firstSequence: number, count: number, answer: Answer): void;
  /** Notes that a message cannot be stored, now or ever. */
  refused(
    firstSequence: number,
    count: number,
    kind: WireErrorKind,
    reason: string,
  ): void;
}
