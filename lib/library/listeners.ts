/**
 * Calls of functions that the user of the library gave.
 *
 * They are made from within socket callbacks and timers, where nobody could
 * catch what they throw, and in the midst of a core's work, which must go on.
 *
 * @module
 */

import { ClosedError } from "./closed_error.ts";
import { kindOf } from "./checked_options.ts";

/**
 * Calls a listener. What it throws, at once or as an async function later, is
 * handed on.
 *
 * @param failed Gets the error; must not throw.
 */
export function callListener(
  listener: () => unknown,
  failed: (error: unknown) => void,
): void {
  try {
    const result = listener();
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** The error of whoever waits for what a listener has ended. */
export function listenerError(
  what: "Client" | "Reader",
  listener: string,
  cause: unknown,
): ClosedError {
  const reason = cause instanceof Error ? cause.message : kindOf(cause);
  return new ClosedError(
    `${what} was closed, because its listener '${listener}' threw: ${reason}`,
    { cause },
  );
}
