/**
 * The library's reader: every message that the data nodes hold.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { newClientId } from "../base/random_names.ts";
import { NODE_ID_BYTES, TICK_MS } from "../base/limits.ts";
import { callListener, listenerError } from "./listeners.ts";
import { newDialer } from "../system/dial.ts";
import {
  fastRandom,
  strongRandom,
  systemClock,
} from "../system/environment.ts";
import { newTurn } from "../system/turn.ts";
import { wrongType } from "./checked_options.ts";
import { unescapeInto } from "../wire/escape.ts";
import { recordTimeMs } from "../store/record.ts";
import { textOf } from "../base/ascii.ts";
import { nameOf } from "../base/names.ts";
import { ReaderCore } from "../reader/core.ts";
import type { Line } from "../reader/events.ts";
import {
  checkReadOptions,
  type ReadEvents,
  type ReadOptions,
} from "./reader_options.ts";

export type { Line };

/** A message that was read back. */
export interface Message {
  /** `<client id>-<sequence>`. */
  readonly id: string;
  /** The client that sent it. */
  readonly clientId: string;
  /** The client's number for it, from 1. */
  readonly sequence: number;
  /** When a head received it. */
  readonly time: Date;
  /** What was sent, byte for byte. */
  readonly bytes: Uint8Array;
  /** What was sent, as text; bytes that are no UTF-8 are replaced. */
  readonly text: string;
  /** Ids of the data nodes that it was placed on. */
  readonly nodeIds: readonly string[];
}

/** Some messages could not be read; those that could were. */
export class IncompleteError extends Error {
  /** Tells it from other errors. */
  override readonly name = "IncompleteError";
  /** What is missing and why, one sentence each. */
  readonly reasons: readonly string[];

  /** With the reasons, as {@linkcode IncompleteError.reasons} has them. */
  constructor(reasons: readonly string[]) {
    super(`Messages may be missing: ${reasons.join("; ")}`);
    this.reasons = reasons;
  }
}

/** Messages taken in one go, so that a long read leaves others a turn. */
const TAKEN_AT_ONCE = 4_096;

/**
 * See {@linkcode read}. It may be closed at any moment, also with `using`.
 *
 * Its messages can be taken once, in one loop, or by one {@linkcode visit}
 * after the other.
 */
export class Reader implements AsyncIterable<Message> {
  readonly #core: ReaderCore;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #missing: string[] = [];
  #visit: (line: Line) => void = () => {};
  /** Whether a loop or a visit is under way. */
  #isTaken = false;
  /** Whether nothing more will come. */
  #isOver = false;
  #isClosed = false;
  /** What a visitor or a listener has thrown; that may be anything. */
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** See {@linkcode read}. */
  constructor(options: ReadOptions) {
    const { to, follow, events } = checkReadOptions(options);
    const turn = newTurn();
    this.#core = new ReaderCore({
      heads: to,
      id: newClientId(strongRandom),
      follow,
    }, {
      clock: systemClock,
      random: fastRandom,
      dialer: newDialer(turn),
      events: {
        connected: (...args) =>
          this.#tell("connected", () => events.connected?.(...args)),
        lost: (...args) => this.#tell("lost", () => events.lost?.(...args)),
        copy: events.copy === undefined
          ? undefined
          : (...args) => this.#tell("copy", () => events.copy?.(...args)),
        message: (line) => this.#visit(line),
        missing: (reason) => {
          if (this.#isClosed) return;
          this.#missing.push(reason);
          this.#tell("missing", () => events.missing?.(reason));
        },
        found: (reason) => {
          const index = this.#missing.indexOf(reason);
          if (index >= 0) this.#missing.splice(index, 1);
        },
        noticed: (notice) =>
          this.#tell("noticed", () => events.noticed?.(notice)),
        ready: () => this.#wake?.(),
        finished: () => {
          this.#isOver = true;
          this.#wake?.();
        },
      },
    });
    this.#core.start();
    this.#timer = setInterval(() => this.#core.tick(), TICK_MS);
  }

  /**
   * What may be missing, and why; less again when who follows has read it after
   * all.
   */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /**
   * Shows `visit` the next messages as they stand in `data.txt`, without making
   * an object of each; some thousands at the most.
   *
   * @param visit Gets a record and its bytes, valid during the call.
   * @returns Whether there may be more.
   * @throws Whatever `visit` throws, which closes the reader; messages that
   * it has not been shown are not shown any more.
   * @throws {ClosedError} A listener threw; the reader is closed.
   * @throws {Error} Another loop or visit is under way, and goes on.
   */
  async visit(visit: (line: Line) => void): Promise<boolean> {
    if (typeof visit !== "function") {
      throw wrongType("read", "the visitor", "a function", visit);
    }
    this.#begin();
    try {
      return await this.#take(visit);
    } finally {
      this.#isTaken = false;
    }
  }

  /** Goes on to what is stored by now, and then ends, if it follows. */
  stopFollowing(): void {
    if (!this.#isClosed) this.#core.stopFollowing();
  }

  /** Ends the reading, and a loop or a visit that waits. May be repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#core.close();
    this.#wake?.();
  }

  /** Same as {@linkcode close}, for `using` and `await using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The messages one by one. The end of the loop, early or not, closes the
   * reader.
   *
   * @throws {IncompleteError} At the end, if some may be missing.
   * @throws {ClosedError} A listener threw; the reader is closed.
   * @throws {Error} Another loop or visit is under way, and goes on.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    this.#begin();
    try {
      for (let isMore = true; isMore;) {
        const messages: Message[] = [];
        isMore = await this.#take((line) => messages.push(messageOf(line)));
        for (const message of messages) {
          if (this.#isClosed) break;
          yield message;
        }
      }
      if (this.#missing.length > 0) throw new IncompleteError(this.#missing);
    } finally {
      this.#isTaken = false;
      this.close();
    }
  }

  #begin(): void {
    if (this.#isTaken) {
      throw new Error(
        "Cannot read: another loop or visit() of this reader is under way",
      );
    }
    this.#isTaken = true;
  }

  /** Shows what is there, or what comes next. @returns Whether there is more. */
  async #take(visit: (line: Line) => unknown): Promise<boolean> {
    let isShown = false;
    /** Visitors that are async, though they need not be. */
    const waiting: Promise<void>[] = [];
    this.#visit = (line) => {
      if (this.#isClosed) return;
      isShown = true;
      // Not to throw into the core, which has not noted yet that it told this.
      try {
        const result = visit(line);
        if (result instanceof Promise) {
          waiting.push(result.catch((error) => this.#fail(error)));
        }
      } catch (error) {
        this.#fail(error);
      }
    };
    while (!this.#isOver && !isShown) {
      if (this.#core.take(TAKEN_AT_ONCE)) {
        // Nobody will say that there is more: it is here already. Sockets and
        // timers come first, though, which wait for more than a microtask.
        await new Promise<void>((resolve) => setImmediate(resolve));
      } else if (!this.#isOver && !isShown) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#wake = undefined;
      }
    }
    if (waiting.length > 0) await Promise.all(waiting);
    if (this.#failure !== undefined) throw this.#failure.error;
    return !this.#isOver;
  }

  /** Calls a listener, unless the reader is closed. */
  #tell(name: keyof ReadEvents, listener: () => unknown): void {
    if (this.#isClosed) return;
    callListener(listener, (error) => {
      if (!this.#isClosed) this.#fail(listenerError("Reader", name, error));
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.close();
  }
}

/**
 * Reads every message that the data nodes of a head hold: each once, however
 * often it was sent again, and each client's in its own order.
 *
 * @example
 * ```ts
 * import { read } from "./mod.ts";
 *
 * for await (const { id, text } of read({ to: "localhost:5000" })) {
 *   console.log(id, text);
 * }
 * ```
 *
 * @throws {RangeError} An address is not well-formed, or there is none.
 * @throws {TypeError} An option is of a wrong type.
 */
export function read(options: ReadOptions): Reader {
  return new Reader(options);
}

/** A record as an object of its own. */
export function messageOf({ bytes, record }: Line): Message {
  const { clientStart, clientEnd, sequence, holdersStart, holdersEnd } = record;
  const clientId = nameOf(bytes, clientStart, clientEnd);
  const payload = bytes.slice(record.payloadStart, record.payloadEnd);
  const length = unescapeInto(payload, 0, payload, 0, payload.length);
  const content = payload.subarray(0, Math.max(0, length));
  const nodeIds = textOf(bytes, holdersStart, holdersEnd).split(",")
    .filter((id) => id.length === NODE_ID_BYTES);
  return {
    id: `${clientId}-${sequence}`,
    clientId,
    sequence,
    time: new Date(recordTimeMs(bytes, record)),
    bytes: content,
    text: new TextDecoder().decode(content),
    nodeIds,
  };
}
