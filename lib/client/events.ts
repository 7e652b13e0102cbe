/**
 * What a client core tells of itself.
 *
 * @module
 */

import type { WireErrorKind } from "../wire/errors.ts";
import type { Encoding } from "../wire/greeting.ts";

/** Whom a client talks with. */
export type PeerRole = "head" | "server";

/** A data node that holds a message. */
export interface Holder {
  /** The data node's id; empty when the head did not name it. */
  readonly nodeId: string;
  /** Its address, as the head sees it. */
  readonly address: string;
}

/** Where messages are kept, or what a server sent back. */
export interface Answer {
  /** Data nodes that have the message on disk. */
  readonly holders: readonly Holder[];
  /** The answer as text: of a text peer as it came, of a frame peer alike. */
  readonly text: string;
}

/** What a client core reports, as it happens. */
export interface ClientEvents {
  /** A peer has taken this client in. */
  connected(address: string, role: PeerRole, encoding: Encoding): void;
  /** There is no connection: why, and when the next call is made. */
  lost(address: string, reason: string, nextCallInMs: number): void;
  /** Messages were answered, each for the first time. */
  answered(firstSequence: number, count: number, answer: Answer): void;
  /** A message can never be stored as it is. */
  rejected(sequence: number, kind: WireErrorKind, reason: string): void;
  /** Messages could not be stored now; they are sent again. */
  postponed(count: number, reason: string): void;
  /**
   * A peer without heartbeats has answered nothing for so long, though
   * messages wait for it; told again from time to time.
   */
  silent(address: string, waitedMs: number): void;
  /** It answers again, after so long. */
  answering(address: string, waitedMs: number): void;
  /** There is room for messages again. */
  room(): void;
}
