/**
 * How a reader of the library is set up.
 *
 * @module
 */

import {
  checkOptions,
  readAddresses,
  readEvents,
  wrongType,
} from "./checked_options.ts";
import type { Line } from "../reader/events.ts";

/** What is read, and how. */
export interface ReadOptions {
  /**
   * Heads to read through, each as `host:port`; port 5000 may be left out. Data
   * nodes join every head, so one is enough; the others stand in for it.
   */
  readonly to: string | readonly string[];
  /** Whether to go on with what comes later, without end. */
  readonly follow?: boolean | undefined;
  /** Is told how the reading fares. */
  readonly events?: ReadEvents | undefined;
}

/**
 * How a reading fares; it goes on by itself in any case. It is told nothing
 * more once the reader is closed.
 *
 * A listener that throws, or is async and fails, closes its reader: whoever
 * reads gets a `ClosedError` with the listener's error as its cause.
 */
export interface ReadEvents {
  /** A head has taken this reader in. */
  connected?(address: string): void;
  /** There is no connection: why, and when the next call is made. */
  lost?(address: string, reason: string, nextCallInMs: number): void;
  /** Messages may be missing, and why. */
  missing?(reason: string): void;
  /** Something worth knowing, that is no reason to doubt. */
  noticed?(notice: string): void;
  /** A data node has a message; once for each copy. */
  readonly copy?:
    | ((
      node: { readonly id: string; readonly address: string },
      line: Line,
    ) => void)
    | undefined;
}

/** Names of the listeners. */
const listeners = [
  "connected",
  "lost",
  "missing",
  "noticed",
  "copy",
] as const;

/** The options, checked and completed. */
export interface CheckedOptions {
  readonly to: readonly string[];
  readonly follow: boolean;
  readonly events: ReadEvents;
}

/**
 * Checks what the caller gave.
 *
 * @throws {TypeError} An option is of a wrong type.
 * @throws {RangeError} An address is not well-formed, or there is none.
 */
export function checkReadOptions(options: ReadOptions): CheckedOptions {
  checkOptions("read", options);
  const { follow = false } = options;
  const to = readAddresses("read", options.to);
  if (typeof follow !== "boolean") {
    throw wrongType("read", "'follow'", "a boolean", follow);
  }
  return { to, follow, events: readEvents("read", options.events, listeners) };
}
