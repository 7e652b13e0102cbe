/**
 * What a server tells of itself. The role writes it to the logs.
 *
 * @module
 */

/** What a server core reports, as it happens. */
export interface ServerEvents {
  /** A connection was refused, before or at its handshake. */
  refusedPeer(label: string, reason: string): void;
  clientJoined(label: string, encoding: string): void;
  clientLeft(label: string, reason: string): void;
  /**
   * One message of a client, to be logged before the turn's answers leave;
   * `bytes` is valid only during the call.
   */
  message(label: string, bytes: Uint8Array, from: number, to: number): void;
  /** Clients were told that so many messages are not in the log. */
  unlogged(messages: number): void;
}
