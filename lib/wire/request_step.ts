/**
 * The handshake begins with a request, which may come in one read or several.
 *
 * @module
 */

import { bytesOf } from "../base/ascii.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import { type Encoding, readRequest, readRestOfRequest } from "./greeting.ts";
import { CONFIRMATION } from "./words.ts";

/** Reads a request, in however many pieces it comes, and writes the answer. */
export class RequestStep {
  readonly #restOfAnswer: (encoding: Encoding) => string;
  readonly #canForget: boolean;
  #encoding: Encoding | undefined;
  #settled = false;
  #asksStatus = false;
  #wrong: string | undefined;
  #forgets: string | undefined;

  /**
   * @param restOfAnswer What follows the word `confirmacion`.
   * @param canForget Whether whoever is called knows data nodes.
   */
  constructor(
    restOfAnswer: (encoding: Encoding) => string,
    canForget: boolean,
  ) {
    this.#restOfAnswer = restOfAnswer;
    this.#canForget = canForget;
  }

  /** What was agreed so far; a chunk peer may still turn out to send lines. */
  get encoding(): Encoding | undefined {
    return this.#encoding;
  }

  /** Whether the step is over and the next bytes belong to what follows. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether there is no handshake: the peer asks for the status. */
  get asksStatus(): boolean {
    return this.#asksStatus;
  }

  /** Instead of a handshake: the id of a data node that is to be forgotten. */
  get forgets(): string | undefined {
    return this.#forgets;
  }

  /** Why the request cannot be granted, once that is clear. */
  get wrong(): string | undefined {
    return this.#wrong;
  }

  /**
   * Reads on, and appends to `out` what is to be answered.
   *
   * @returns How many bytes were used, or -1 when more are needed.
   */
  read(bytes: Uint8Array, out: ByteQueue): number {
    if (bytes.length === 0) return -1;
    const first = this.#encoding === undefined;
    const greeting = first
      ? readRequest(bytes, bytes.length)
      : readRestOfRequest(bytes, bytes.length);
    if (greeting === undefined) {
      // No continuation: the request was a chunk peer's, and is answered.
      this.#settled = true;
      return 0;
    }
    if (greeting.kind === "wait") return -1;
    if (greeting.kind === "status") {
      this.#asksStatus = this.#settled = true;
      return greeting.used;
    }
    if (greeting.kind === "forget") {
      if (!this.#canForget) {
        this.#wrong = `this is no head: it knows no data nodes to forget`;
        return -1;
      }
      this.#forgets = greeting.id;
      this.#settled = true;
      return greeting.used;
    }
    if (greeting.kind === "wrong") {
      this.#wrong = greeting.reason;
      return -1;
    }
    this.#encoding = greeting.encoding;
    this.#settled = greeting.encoding !== "chunk" ||
      greeting.used < bytes.length;
    const rest = this.#restOfAnswer(greeting.encoding);
    out.append(bytesOf(first ? CONFIRMATION + rest : rest));
    return greeting.used;
  }
}
