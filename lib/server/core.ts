/**
 * The server of the first activity: every message of a client is written to
 * the log and sent back as it came.
 *
 * An answer says that its message is in the log. Lines are written once a turn,
 * before answers leave; when they cannot be, the answers of that turn are
 * replaced. So each turn tries anew, and the server is well again as soon as
 * its log is.
 *
 * A state machine without I/O. A client takes one of `clientsMax` places with
 * its handshake and gives it back when it goes; connections that have not said
 * anything hold none.
 *
 * @module
 */

import { counted } from "../base/counted.ts";
import {
  GREETING_TIMEOUT_MS,
  UNGREETED_CONNECTIONS_MAX,
} from "../base/limits.ts";
import type { Clock, Link, Session, Turn } from "../base/ports.ts";
import { WireError } from "../wire/errors.ts";
import { type Status, wellness } from "../wire/status.ts";
import { EchoSession } from "./echo_session.ts";
import type { ServerEvents } from "./events.ts";

/** How a server is set up. */
export interface ServerOptions {
  /** Clients served at once. */
  readonly clientsMax: number;
  /** Clients served in all, after which the server ends; undefined: no end. */
  readonly clientsTotal?: number | undefined;
}

/** What a server core needs from outside. */
export interface ServerPorts {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly events: ServerEvents;
  /** Why what was last told of could not be logged; undefined when it was. */
  logFailure(): string | undefined;
}

/** The server without its sockets: counts places, and confirms answers. */
export class ServerCore {
  readonly #options: ServerOptions;
  readonly #ports: ServerPorts;
  readonly #connections = new Set<EchoSession>();
  /** Those with answers that are as good as the log is. */
  readonly #answering: EchoSession[] = [];
  readonly #confirmJob = () => this.#confirm();
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
      status: () => this.#status(),
      answers: (session) => this.#answers(session),
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
      return `${connected(clientsMax)}, the limit; try again later`;
    }
    return undefined;
  }

  #status(): Status {
    const unlogged = this.#ports.logFailure();
    const verdict = unlogged === undefined ? unlogged : whyNotStored(unlogged);
    return {
      role: "server",
      properties: { clients: `${this.#served}`, ...wellness(verdict) },
      nodes: [],
    };
  }

  /** A session answers, in this turn, messages that were told of. */
  #answers(session: EchoSession): void {
    // Behind the log's own job, which the first of them has brought about.
    if (this.#answering.push(session) > 1) return;
    this.#ports.turn.beforeSending(this.#confirmJob);
  }

  /** What was told of has been written, or not; then answers leave. */
  #confirm(): void {
    const failure = this.#ports.logFailure();
    const reason = failure === undefined ? failure : whyNotStored(failure);
    let unlogged = 0;
    for (const session of this.#answering) unlogged += session.confirm(reason);
    this.#answering.length = 0;
    if (unlogged > 0) this.#ports.events.unlogged(unlogged);
  }

  #forget(session: EchoSession): void {
    this.#connections.delete(session);
    if (session.hasPlace) this.#served--;
  }
}

function whyNotStored(failure: string): string {
  return `the log cannot be written: ${failure}`;
}

function connected(clients: number): string {
  return `${counted(clients, "client")} ${
    clients === 1 ? "is" : "are"
  } connected`;
}
