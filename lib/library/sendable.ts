/**
 * What can be sent. Anything else that plain JavaScript hands over would pass
 * for a message without bytes, and be lost in silence.
 *
 * @module
 */

import { kindOf } from "./checked_options.ts";

/** Why something is no message, if so. */
export function whyNoMessage(message: unknown): string | undefined {
  if (typeof message === "string") return undefined;
  if (!(message instanceof Uint8Array)) {
    return `Cannot send ${kindOf(message)}: expected a string or a Uint8Array`;
  }
  if (message.length > 0) return undefined;
  try {
    // Bytes that are gone look like none, and an empty message is possible.
    message.at(0);
    return undefined;
  } catch {
    return "Cannot send bytes that are gone: their buffer was transferred or " +
      "made smaller";
  }
}

/** Why something is no list of messages, if so. */
export function whyNoBatch(messages: unknown): string | undefined {
  const isOne = typeof messages === "string" || messages instanceof Uint8Array;
  return isOne || !isIterable(messages)
    ? `Cannot send ${kindOf(messages)} as a batch: expected a list of ` +
      "strings and Uint8Arrays"
    : undefined;
}

function isIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] ===
      "function";
}
