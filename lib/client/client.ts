/**
 * The client library: hand over messages, get receipts.
 *
 * @module
 */

import { Fifo } from "../fifo.ts";
import { newClientId } from "../identity.ts";
import { CLIENT_ID_BYTES_MAX, MESSAGE_BYTES_MAX, TICK_MS } from "../limits.ts";
import { parseAddress } from "../net/address.ts";
import { newDialer } from "../net/dial.ts";
import { fastRandom, strongRandom, systemClock } from "../net/environment.ts";
import { newTurn } from "../net/turn.ts";
import { bytesOf } from "../wire/ascii.ts";
import type { Encoding } from "../wire/greeting.ts";
import { isClientId } from "../wire/names.ts";
import { ClientCore, type PeerChoice } from "./core.ts";
import type { Answer, Holder, PeerRole } from "./events.ts";

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
   * id that was used are rejected, and so is all that the client sends then;
   * so are the same ones, while the data nodes that can tell are away, or have
   * stored millions since.
   *
   * @default {a new random id}
   */
  readonly clientId?: string | undefined;
  /**
   * What the peer is. `auto` finds out, which with an original program takes
   * a moment and shows a server one message `cliente`.
   *
   * @default {"auto"}
   */
  readonly peer?: PeerChoice | undefined;
  /** Is told how the connection fares. */
  readonly events?: ConnectionEvents | undefined;
}

/** How a connection fares; a client goes on by itself in any case. */
export interface ConnectionEvents {
  /** A peer has taken this client in. */
  connected?(address: string, role: PeerRole, encoding: Encoding): void;
  /** There is no connection: why, and when the next call is made. */
  lost?(address: string, reason: string, nextCallInMs: number): void;
  /** Messages could not be stored now; they are sent again. */
  postponed?(count: number, reason: string): void;
}

/** What is known of a message that was answered. */
export interface Receipt {
  /** `<client id>-<sequence>`: names the message for ever. */
  readonly id: string;
  /** Data nodes that have it on disk; empty with peers that do not say. */
  readonly holders: readonly Holder[];
  /** The answer as text: `<ip> , mensaje: recibido`, or a server's echo. */
  readonly text: string;
}

/** A message that can never be stored as it is, or not under this client id. */
export class RejectedError extends Error {
  /** Tells it from other errors. */
  override readonly name = "RejectedError";
}

/** A client that was closed before a message was answered. */
export class ClosedError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ClosedError";
}

/** Who waits for the answer to a message. */
interface Waiter {
  resolve(receipt: Receipt): void;
  reject(error: Error): void;
}

/** A message that waits for room. */
interface Queued extends Waiter {
  readonly message: Uint8Array;
}

/**
 * Makes a client. It connects by itself, stays connected, and sends again
 * what was not answered; a message it has a receipt for is never lost.
 *
 * @example
 * ```ts
 * import { connect } from "./mod.ts";
 *
 * const client = connect({ to: "localhost:5000" });
 * const receipt = await client.send("hola");
 * console.log(receipt.id, receipt.holders);
 * await client.close();
 * ```
 *
 * @throws {RangeError} An address or the client id is not well-formed.
 */
export function connect(options: ConnectOptions): Client {
  return new Client(options);
}

/** See {@linkcode connect}. */
export class Client {
  /** The first part of the ids of its messages. */
  readonly id: string;
  readonly #core: ClientCore;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #turn = newTurn();
  readonly #waiters = new Map<number, Waiter>();
  readonly #queue = new Fifo<Queued>();
  #isPumpDue = false;
  #whenIdle: (() => void)[] = [];
  #isClosed = false;
  readonly #pumpJob = () => {
    this.#isPumpDue = false;
    this.#core.pump();
  };

  /** See {@linkcode connect}. */
  constructor(options: ConnectOptions) {
    const to = typeof options.to === "string" ? [options.to] : options.to;
    if (to.length === 0) {
      throw new RangeError("Cannot connect: the list of addresses is empty");
    }
    to.forEach(parseAddress);
    this.id = options.clientId ?? newClientId(strongRandom);
    if (!isClientId(this.id)) {
      throw new RangeError(
        `Cannot use client id '${this.id}': expected 1 to ` +
          `${CLIENT_ID_BYTES_MAX} of A-Z a-z 0-9 _ . -`,
      );
    }
    const events = options.events ?? {};
    this.#core = new ClientCore(
      { to, clientId: this.id, peer: options.peer ?? "auto" },
      {
        clock: systemClock,
        random: fastRandom,
        dialer: newDialer(this.#turn),
        events: {
          connected: (...args) => events.connected?.(...args),
          lost: (...args) => events.lost?.(...args),
          postponed: (...args) => events.postponed?.(...args),
          answered: (first, count, answer) =>
            this.#answered(first, count, answer),
          rejected: (sequence, kind, reason) =>
            this.#settle(sequence, (waiter) =>
              waiter.reject(
                new RejectedError(
                  `Cannot store message ${this.id}-${sequence}: ${reason} ` +
                    `(${kind.word})`,
                ),
              )),
          room: () => this.#takeQueued(),
        },
      },
    );
    this.#core.start();
    this.#timer = setInterval(() => this.#core.tick(), TICK_MS);
  }

  /** Messages that were handed over and have no receipt yet. */
  get unanswered(): number {
    return this.#waiters.size + this.#queue.length;
  }

  /**
   * Sends a message.
   *
   * @param message Text (sent as UTF-8) or bytes, of at most 256 KiB.
   * @returns Resolves once the message is on disk, as often as the head keeps
   * it. However long that takes, it waits.
   * @throws {RejectedError} The message can never be stored: it is too long,
   * or has several lines and the peer takes lines, or the client id was used
   * for other messages before.
   * @throws {ClosedError} The client was closed first. The message may have
   * been stored; send it with the same client id and sequence to be sure.
   */
  send(message: string | Uint8Array): Promise<Receipt> {
    const bytes = typeof message === "string" ? bytesOf(message) : message;
    if (this.#isClosed) {
      return Promise.reject(new ClosedError("Cannot send: client is closed"));
    }
    if (bytes.length > MESSAGE_BYTES_MAX) {
      return Promise.reject(
        new RejectedError(
          `Cannot send a message of ${bytes.length} bytes: ` +
            `at most ${MESSAGE_BYTES_MAX} are possible`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      if (this.#core.hasRoom && this.#queue.length === 0) {
        this.#take(bytes, { resolve, reject });
      } else {
        // Copied, since the caller may use its bytes again at once.
        const copy = typeof message === "string" ? bytes : bytes.slice();
        this.#queue.push({ message: copy, resolve, reject });
      }
    });
  }

  /**
   * Sends messages, in order.
   *
   * @returns Their receipts, in the same order, once all are on disk.
   * @throws The first error that {@linkcode send} throws for one of them.
   */
  sendBatch(
    messages: Iterable<string | Uint8Array>,
  ): Promise<readonly Receipt[]> {
    return Promise.all(Array.from(messages, (message) => this.send(message)));
  }

  /** Waits until no message is without its receipt or rejection. */
  async flush(): Promise<void> {
    while (this.unanswered > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
  }

  /**
   * Closes the connection. What has no receipt yet is given up; to wait for
   * it, {@linkcode flush} first.
   */
  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#core.close();
    const error = new ClosedError("Client was closed before the answer came");
    for (const { reject } of this.#waiters.values()) reject(error);
    this.#waiters.clear();
    for (
      let queued = this.#queue.shift();
      queued !== undefined;
      queued = this.#queue.shift()
    ) queued.reject(error);
    this.#tellIdle();
    return Promise.resolve();
  }

  /** Same as {@linkcode close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(message: Uint8Array, waiter: Waiter): void {
    this.#waiters.set(this.#core.add(message), waiter);
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#turn.beforeSending(this.#pumpJob);
  }

  #takeQueued(): void {
    while (this.#core.hasRoom) {
      const queued = this.#queue.shift();
      if (queued === undefined) return;
      this.#take(queued.message, queued);
    }
  }

  #answered(first: number, count: number, answer: Answer): void {
    for (let sequence = first; sequence < first + count; sequence++) {
      this.#settle(
        sequence,
        (waiter) => waiter.resolve({ id: `${this.id}-${sequence}`, ...answer }),
      );
    }
  }

  #settle(sequence: number, tell: (waiter: Waiter) => void): void {
    const waiter = this.#waiters.get(sequence);
    if (waiter === undefined) return;
    this.#waiters.delete(sequence);
    tell(waiter);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.unanswered > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
