/**
 * A client that speaks chunks or lines: an original program, or a person.
 *
 * Such a client cannot tell its answers apart, so they leave in the order of
 * its messages, however the data nodes were. It brings no id; the head gives
 * it one, and counts its messages.
 *
 * @module
 */

import { MESSAGE_BYTES_MAX } from "../../base/limits.ts";
import type { Link, Session } from "../../base/ports.ts";
import { bytesOf } from "../../base/ascii.ts";
import {
  MESSAGE_HEADER_BYTES,
  writeMessage,
} from "../../wire/client_frames.ts";
import { errorLine, WireError, type WireErrorKind } from "../../wire/errors.ts";
import { Encoding } from "../../wire/greeting.ts";
import { LineScanner, LineStatus, UNENDED_LINE } from "../../wire/line.ts";
import { storedAt } from "../../wire/words.ts";
import {
  type Batch,
  newOrigin,
  noPast,
  type Sender,
} from "../delivery/batch.ts";
import type { HeadContext } from "../context.ts";
import { Fifo } from "../../base/fifo.ts";
import { Gate } from "./gate.ts";

/** One message as delivery takes it; reused by all sessions. */
const payload = new Uint8Array(MESSAGE_HEADER_BYTES + MESSAGE_BYTES_MAX);

/** The head's end of a connection to a client that speaks text. */
export class TextClientSession implements Session, Sender {
  clientId: Uint8Array;
  readonly past = noPast();
  readonly label: string;
  readonly #context: HeadContext;
  readonly #link: Link;
  readonly #encoding: Encoding;
  readonly #gate: Gate;
  readonly #origin = newOrigin(this);
  /** Answers by sequence, the first unanswered in front; undefined is due. */
  readonly #answers = new Fifo<string | undefined>();
  #firstUnanswered = 1;
  #nextSequence = 1;
  /** The first of these numbers that is of no stored message. */
  #firstRefused = Infinity;
  readonly #lines = new LineScanner(MESSAGE_BYTES_MAX);
  #ended = false;
  #closed = false;

  constructor(context: HeadContext, link: Link, encoding: Encoding) {
    this.#context = context;
    this.#link = link;
    this.#encoding = encoding;
    this.#gate = new Gate(this, link, context);
    this.clientId = newClientId(context);
    this.label = `${link.peerAddress}:${link.peerPort}`;
    context.events.clientJoined(this.label, encoding);
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#encoding === Encoding.chunk) {
      if (this.#gate.isShut()) return 0;
      this.#admit(bytes, 0, length);
      return length;
    }
    let at = 0;
    while (!this.#gate.isShut()) {
      const lines = this.#lines;
      const status = lines.next(bytes, at, length);
      at = lines.used;
      if (status === LineStatus.partial) break;
      if (status === LineStatus.whole) {
        this.#admit(bytes, lines.start, lines.end);
      } else {
        const reason = `a message is at most ${MESSAGE_BYTES_MAX} bytes`;
        this.#refuse(WireError.tooLong, reason);
      }
    }
    return at;
  }

  ended(unused: number): void {
    if (unused > 0) this.#refuse(WireError.malformed, UNENDED_LINE);
    this.#ended = true;
    this.#endWhenAnswered();
  }

  drained(): void {
    this.#gate.reopen();
  }

  unblocked(): void {
    if (!this.#closed) this.#gate.reopen();
  }

  closed(reason: string): void {
    this.#closed = true;
    this.#context.events.clientLeft(this.label, reason);
  }

  stored(batch: Batch): void {
    if (this.#closed) return;
    this.#answer(
      batch.firstSequence,
      storedAt(batch.storedBy.map((holder) => holder.address)),
    );
    this.#gate.answered(batch);
  }

  refused(batch: Batch, kind: WireErrorKind, reason: string): void {
    if (this.#closed) return;
    this.#refused(batch.firstSequence, errorLine(kind, reason));
    this.#gate.answered(batch);
  }

  #admit(bytes: Uint8Array, from: number, to: number): void {
    const length = writeMessage(payload, 0, bytes, from, to);
    const sequence = this.#number();
    this.#gate.took(length, 1);
    this.#origin.firstSequence = sequence;
    this.#origin.longest = to - from;
    this.#origin.floor = Math.min(this.#firstUnanswered, this.#firstRefused);
    this.#origin.timeMs = this.#context.clock.wallMs();
    this.#context.delivery.admit(this.#origin, payload, 0, length);
  }

  /**
   * Counts from 1 again, as another client, once nothing is under way: a number
   * that was refused would look like a message that was lost.
   */
  #renumber(): void {
    if (this.#firstRefused === Infinity || this.#answers.length > 0) return;
    this.clientId = newClientId(this.#context);
    this.#firstRefused = Infinity;
    this.#nextSequence = this.#firstUnanswered = 1;
  }

  /** Numbers what came; its answer has a place now, behind those before it. */
  #number(): number {
    this.#renumber();
    this.#answers.push(undefined);
    return this.#nextSequence++;
  }

  /** Answers, in its turn, to what never became a message. */
  #refuse(kind: WireErrorKind, reason: string): void {
    const sequence = this.#number();
    this.#refused(sequence, errorLine(kind, reason));
  }

  #refused(sequence: number, text: string): void {
    this.#firstRefused = Math.min(this.#firstRefused, sequence);
    this.#answer(sequence, text);
  }

  #answer(sequence: number, text: string): void {
    this.#answers.set(sequence - this.#firstUnanswered, text);
    const ending = this.#encoding === Encoding.line ? "\n" : "";
    for (;;) {
      const due = this.#answers.at(0);
      if (due === undefined) break;
      this.#answers.shift();
      this.#firstUnanswered++;
      this.#link.out.append(bytesOf(due + ending));
    }
    this.#link.send();
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#ended && this.#answers.length === 0) this.#link.end();
  }
}

/** An id for a client that brings none: the head's, and a number. */
function newClientId({ headId, nextClientNumber }: HeadContext): Uint8Array {
  return bytesOf(`${headId}.${nextClientNumber().toString(36)}`);
}
