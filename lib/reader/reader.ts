/**
 * The library's reader: every message that the data nodes hold.
 *
 * @module
 */

import { newClientId } from "../identity.ts";
import { NODE_ID_BYTES, TICK_MS } from "../limits.ts";
import { newDialer } from "../net/dial.ts";
import { fastRandom, strongRandom, systemClock } from "../net/environment.ts";
import { newTurn } from "../net/turn.ts";
import { unescapeInto } from "../store/escape.ts";
import { recordTimeMs } from "../store/record.ts";
import { textOf } from "../wire/ascii.ts";
import { nameOf } from "../wire/names.ts";
import { type Line, ReaderCore } from "./core.ts";

export type { Line };

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

/** How a reading fares; it goes on by itself in any case. */
export interface ReadEvents {
  /** A head has taken this reader in. */
  connected?(address: string): void;
  /** There is no connection: why, and when the next call is made. */
  lost?(address: string, reason: string, nextCallInMs: number): void;
  /** Messages may be missing, and why. */
  missing?(reason: string): void;
  /** A data node has a message; once for each copy. */
  readonly copy?:
    | ((
      node: { readonly id: string; readonly address: string },
      line: Line,
    ) => void)
    | undefined;
}

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
  /** The same as text; bytes that are no UTF-8 are replaced. */
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

/** See {@linkcode read}. */
export class Reader implements AsyncIterable<Message> {
  readonly #core: ReaderCore;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #missing: string[] = [];
  #visit: (line: Line) => void = () => {};
  #isOver = false;
  #wake: (() => void) | undefined;

  /** See {@linkcode read}. */
  constructor(options: ReadOptions) {
    const turn = newTurn();
    const events = options.events ?? {};
    this.#core = new ReaderCore({
      heads: typeof options.to === "string" ? [options.to] : options.to,
      id: newClientId(strongRandom),
      follow: options.follow ?? false,
    }, {
      clock: systemClock,
      random: fastRandom,
      dialer: newDialer(turn),
      events: {
        connected: (...args) => events.connected?.(...args),
        lost: (...args) => events.lost?.(...args),
        copy: events.copy?.bind(events),
        message: (line) => this.#visit(line),
        missing: (reason) => {
          this.#missing.push(reason);
          events.missing?.(reason);
        },
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

  /** What may be missing so far, and why. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /**
   * Shows `visit` the next messages as they stand in `data.txt`, without making
   * an object of each; some thousands at the most.
   *
   * @param visit Gets a record and its bytes, valid during the call.
   * @returns Whether there may be more.
   */
  async visit(visit: (line: Line) => void): Promise<boolean> {
    let visited = 0;
    this.#visit = (line) => {
      visited++;
      visit(line);
    };
    while (!this.#isOver) {
      this.#core.take(TAKEN_AT_ONCE);
      if (visited > 0 || this.#isOver) break;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
    return !this.#isOver;
  }

  /** Ends the reading. */
  close(): void {
    clearInterval(this.#timer);
    this.#core.close();
    this.#isOver = true;
    this.#wake?.();
  }

  /**
   * The messages one by one.
   *
   * @throws {IncompleteError} At the end, if some may be missing.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    try {
      for (;;) {
        const messages: Message[] = [];
        const isMore = await this.visit((line) =>
          messages.push(messageOf(line))
        );
        yield* messages;
        if (!isMore) break;
      }
      if (this.#missing.length > 0) throw new IncompleteError(this.#missing);
    } finally {
      this.close();
    }
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
