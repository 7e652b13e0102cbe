/**
 * How a client of the library is set up.
 *
 * @module
 */

import { CLIENT_ID_BYTES_MAX } from "../base/limits.ts";
import {
  checkOptions,
  readAddresses,
  readEvents,
  wrongType,
} from "./checked_options.ts";
import type { Encoding } from "../wire/greeting.ts";
import { isClientId } from "../base/names.ts";
import type { PeerChoice } from "../client/context.ts";
import type { PeerRole } from "../client/events.ts";

/** How a client connects. */
export interface ConnectOptions {
  /**
   * Heads, or one server, each as `host:port`; port 5000 may be left out. The
   * first is called first; when it is lost, the next.
   */
  readonly to: string | readonly string[];
  /**
   * Under which messages are numbered: 1 to 64 of `A-Z a-z 0-9 _ . -`. Give
   * one only to resume: a client with the id and the messages of an earlier
   * one, in the same order, stores none of them twice. Other messages under an
   * id that was used pass for those that are stored, and are lost.
   *
   * @default {a new random id}
   */
  readonly clientId?: string | undefined;
  /**
   * What the peer must be. `auto` finds out what it is, which with an original
   * program takes a moment and shows a server one message `cliente`. Another
   * peer than this is sent nothing: `lost` is told why, and it is called again.
   * An original head that is taken for a `server` cannot be told from one.
   *
   * @default {"auto"}
   */
  readonly peer?: PeerChoice | undefined;
  /** Is told how the connection fares. */
  readonly events?: ConnectionEvents | undefined;
}

/**
 * How a connection fares; a client goes on by itself in any case. It is told
 * nothing more once it is closed.
 *
 * A listener that throws, or is async and fails, closes its client: whoever
 * waits for a receipt or for `flush` gets a `ClosedError` with the listener's
 * error as its cause.
 */
export interface ConnectionEvents {
  /** A peer has taken this client in. */
  connected?(address: string, role: PeerRole, encoding: Encoding): void;
  /** There is no connection: why, and when the next call is made. */
  lost?(address: string, reason: string, nextCallInMs: number): void;
  /** Messages could not be stored now; they are sent again. */
  postponed?(count: number, reason: string): void;
  /**
   * A peer without heartbeats (an original program, or one that speaks lines)
   * answers nothing, though messages wait for it: after 10 s, and then once a
   * minute. The client waits on: such a peer would store what is sent again
   * a second time.
   */
  silent?(address: string, waitedMs: number): void;
  /** It answers again. */
  answering?(address: string, waitedMs: number): void;
}

/** Names of the listeners. */
const listeners = [
  "connected",
  "lost",
  "postponed",
  "silent",
  "answering",
] as const;

const peers: readonly string[] = ["auto", "head", "server"];

/** The options, checked and completed. */
export interface CheckedOptions {
  readonly to: readonly string[];
  readonly clientId: string | undefined;
  readonly peer: PeerChoice;
  readonly events: ConnectionEvents;
}

/**
 * Checks what the caller gave.
 *
 * @throws {TypeError} An option is of a wrong type.
 * @throws {RangeError} An address, the client id or the peer cannot be.
 */
export function checkConnectOptions(options: ConnectOptions): CheckedOptions {
  checkOptions("connect", options);
  const { clientId, peer = "auto" } = options;
  const to = readAddresses("connect", options.to);
  if (clientId !== undefined) checkClientId(clientId);
  if (typeof peer !== "string") {
    throw wrongType("connect", "'peer'", "a string", peer);
  }
  if (!peers.includes(peer)) {
    throw new RangeError(
      `Cannot connect: expected 'peer' to be ${
        peers.join(", ")
      }, got '${peer}'`,
    );
  }
  const events = readEvents("connect", options.events, listeners);
  return { to, clientId, peer, events };
}

function checkClientId(id: unknown): void {
  if (typeof id !== "string") {
    throw wrongType("connect", "'clientId'", "a string", id);
  }
  if (!isClientId(id)) {
    throw new RangeError(
      `Cannot connect: client id '${id}' is not 1 to ${CLIENT_ID_BYTES_MAX} ` +
        "of A-Z a-z 0-9 _ . -",
    );
  }
}
