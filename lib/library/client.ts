/**
 * The client library: hand over messages, get receipts.
 *
 * @module
 */

import { ClosedError } from "./closed_error.ts";
import { Fifo } from "../base/fifo.ts";
import { newClientId } from "../base/random_names.ts";
import { MESSAGE_BYTES_MAX, TICK_MS } from "../base/limits.ts";
import { callListener, listenerError } from "./listeners.ts";
import { newDialer } from "../system/dial.ts";
import {
  fastRandom,
  strongRandom,
  systemClock,
} from "../system/environment.ts";
import { newTurn } from "../system/turn.ts";
import { bytesOf } from "../base/ascii.ts";
import { whyNoBatch, whyNoMessage } from "./sendable.ts";
import { ClientCore } from "../client/core.ts";
import type { Answer, Holder } from "../client/events.ts";
import {
  checkConnectOptions,
  type ConnectionEvents,
  type ConnectOptions,
} from "./client_options.ts";

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
 * @throws {TypeError} An option is of a wrong type.
 */
export function connect(options: ConnectOptions): Client {
  return new Client(options);
}

/** See {@linkcode connect}. It may be closed at any moment. */
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
  /** What a listener's error has become, if that has closed the client. */
  #failure: ClosedError | undefined;
  readonly #pumpJob = () => {
    this.#isPumpDue = false;
    this.#core.pump();
  };

  /** See {@linkcode connect}. */
  constructor(options: ConnectOptions) {
    const { to, clientId, peer, events } = checkConnectOptions(options);
    this.id = clientId ?? newClientId(strongRandom);
    this.#core = new ClientCore(
      { to, clientId: this.id, peer },
      {
        clock: systemClock,
        random: fastRandom,
        dialer: newDialer(this.#turn),
        events: {
          connected: (...args) =>
            this.#tell("connected", () => events.connected?.(...args)),
          lost: (...args) => this.#tell("lost", () => events.lost?.(...args)),
          postponed: (...args) =>
            this.#tell("postponed", () => events.postponed?.(...args)),
          silent: (...args) =>
            this.#tell("silent", () => events.silent?.(...args)),
          answering: (...args) =>
            this.#tell("answering", () => events.answering?.(...args)),
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
   * The promise must be awaited, or its rejection caught: one that nobody
   * minds ends the program when the client is closed, as with any promise.
   *
   * @param message Text (sent as UTF-8) or bytes, of at most 256 KiB. They may
   * be used again at once. An `ArrayBuffer` is sent as `new Uint8Array(it)`.
   * @returns Resolves once the message is on disk, as often as the head keeps
   * it. However long that takes, it waits.
   * @throws {RejectedError} The message can never be stored: it is too long,
   * or has several lines and the peer takes lines, or the client id was used
   * for other messages before.
   * @throws {ClosedError} The client was closed first, by its user or because
   * a listener threw. The message may have been stored; send it with the same
   * client id and sequence to be sure.
   * @throws {TypeError} The message is neither text nor bytes, or its bytes
   * are gone: they were transferred.
   */
  send(message: string | Uint8Array): Promise<Receipt> {
    const wrong = whyNoMessage(message);
    if (wrong !== undefined) return Promise.reject(new TypeError(wrong));
    if (this.#isClosed) return Promise.reject(this.#closedError());
    const bytes = typeof message === "string" ? bytesOf(message) : message;
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
   * @param messages A list, a set, a generator, or the like.
   * @returns Their receipts, in the same order, once all are on disk.
   * @throws The first error that {@linkcode send} throws for one of them; the
   * others are sent all the same.
   * @throws {TypeError} `messages` is one message, or nothing to iterate over.
   */
  sendBatch(
    messages: Iterable<string | Uint8Array>,
  ): Promise<readonly Receipt[]> {
    const wrong = whyNoBatch(messages);
    if (wrong !== undefined) return Promise.reject(new TypeError(wrong));
    const sent: Promise<Receipt>[] = [];
    try {
      for (const message of messages) sent.push(this.send(message));
    } catch (error) {
      // The caller's own iterator: its error counts, and not what comes of
      // the messages before.
      Promise.allSettled(sent);
      return Promise.reject(error);
    }
    return Promise.all(sent);
  }

  /**
   * Waits until no message is without its receipt or rejection.
   *
   * @throws {ClosedError} A listener threw; the client is closed.
   */
  async flush(): Promise<void> {
    while (this.unanswered > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Closes the connection, or ends the search for one. What has no receipt yet
   * is given up; to wait for it, {@linkcode flush} first. May be repeated.
   */
  close(): Promise<void> {
    this.#close(new ClosedError("Client was closed before the answer came"));
    return Promise.resolve();
  }

  /** Same as {@linkcode close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @param error Of whoever waits. */
  #close(error: ClosedError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#core.close();
    for (const { reject } of this.#waiters.values()) reject(error);
    this.#waiters.clear();
    for (
      let queued = this.#queue.shift();
      queued !== undefined;
      queued = this.#queue.shift()
    ) queued.reject(error);
    this.#tellIdle();
  }

  /** Calls a listener, unless the client is closed. */
  #tell(name: keyof ConnectionEvents, listener: () => unknown): void {
    if (this.#isClosed) return;
    callListener(listener, (cause) => {
      if (this.#isClosed) return;
      this.#failure = listenerError("Client", name, cause);
      this.#close(this.#failure);
    });
  }

  #closedError(): ClosedError {
    return this.#failure ?? new ClosedError("Cannot send: client is closed");
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
