/**
 * The server of the first activity: every message of a client is written to
 * the log and sent back as it came.
 *
 * A state machine without I/O. A client takes one of `clientsMax` places with
 * its handshake and gives it back when it goes; connections that have not said
 * anything hold none.
 *
 * @module
 */

import { GREETING_TIMEOUT_MS, UNGREETED_CONNECTIONS_MAX } from "../limits.ts";
import type { Clock, Link, Session } from "../ports.ts";
import { WireError } from "../wire/errors.ts";
import { EchoSession } from "./echo_session.ts";

/** How a server is set up. */
export interface ServerOptions {
  /** Clients served at once. */
  readonly clientsMax: number;
  /** Clients served in all, after which the server ends; undefined: no end. */
  readonly clientsTotal?: number | undefined;
}

/** What a server core reports, as it happens. */
export interface ServerEvents {
  /** A connection was refused, before or at its handshake. */
  refusedPeer(label: string, reason: string): void;
  clientJoined(label: string, encoding: string): void;
  clientLeft(label: string, reason: string): void;
  /** One message of a client; `bytes` is valid only during the call. */
  message(label: string, bytes: Uint8Array, from: number, to: number): void;
}

/** What a server core needs from outside. */
export interface ServerPorts {
  readonly clock: Clock;
  readonly events: ServerEvents;
}

/** See the module. */
export class ServerCore {
  readonly #options: ServerOptions;
  readonly #ports: ServerPorts;
  readonly #connections = new Set<EchoSession>();
  #served = 0;
  #servedInAll = 0;
  #draining = false;

  constructor(options: ServerOptions, ports: ServerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Clients served now. */
  get clients(): number {
    return this.#served;
  }

  /** Connections of now, with those that have said nothing yet. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Whether all the clients there will ever be have come. */
  get complete(): boolean {
    return this.#servedInAll >= (this.#options.clientsTotal ?? Infinity);
  }

  /** Takes a new connection. */
  accept(link: Link): Session {
    const session = new EchoSession(link, this.#ports.events, {
      deadlineMs: this.#ports.clock.nowMs() + GREETING_TIMEOUT_MS,
      clients: () => this.#served,
      takePlace: () => this.#takePlace(),
      closed: (session) => this.#forget(session),
    });
    this.#connections.add(session);
    if (this.#connections.size - this.#served > UNGREETED_CONNECTIONS_MAX) {
      session.refuse(
        WireError.full,
        "too many connections without a handshake; try again later",
      );
    }
    return session;
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const session of this.#connections) session.tick(nowMs);
  }

  /**
   * Takes no new client, and no new message of those that are there; what was
   * answered leaves, then each connection closes.
   */
  drain(): void {
    this.#draining = true;
    for (const session of [...this.#connections]) session.drain();
  }

  /** Takes a place. @returns Why there is none, if so. */
  #takePlace(): string | undefined {
    const refusal = this.#refusal();
    if (refusal !== undefined) return refusal;
    this.#served++;
    this.#servedInAll++;
    return undefined;
  }

  #refusal(): string | undefined {
    const { clientsMax, clientsTotal } = this.#options;
    if (this.#draining) return "this server is going down";
    if (this.complete) {
      return `this server has had all its clients (${clientsTotal})`;
    }
    if (this.#served >= clientsMax) {
      return `${clientsMax} clients are connected, the limit; try again later`;
    }
    return undefined;
  }

  #forget(session: EchoSession): void {
    this.#connections.delete(session);
    if (session.hasPlace) this.#served--;
  }
}
