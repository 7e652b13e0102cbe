/**
 * The error of whoever waits for a client or a reader that is closed.
 *
 * @module
 */

/**
 * A client that was closed before a message was answered, or a client or a
 * reader that had to end because a listener threw: that error is the `cause`.
 */
export class ClosedError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ClosedError";
}
