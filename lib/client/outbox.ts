/**
 * The outbox of a client. Messages stay in it until they are answered, in the
 * form in which frames carry them, so that sending again is copying.
 *
 * @module
 */

import {
  CLIENT_WINDOW_MESSAGES,
  FRAME_MESSAGES_MAX,
  FRAME_PAYLOAD_BYTES_MAX,
} from "../base/limits.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import {
  MESSAGE_HEADER_BYTES,
  newMessagesFields,
  writeMessage,
  writeMessages,
} from "../wire/client_frames.ts";
import { readU32 } from "../base/little_endian.ts";

/** Messages an outbox holds; a power of two, so that a mask wraps. */
const SLOTS = CLIENT_WINDOW_MESSAGES;

/** Bytes an outbox holds, beyond which no message is taken. */
const OUTBOX_BYTES_MAX = 4 * 1024 * 1024;

/** What is known of a message. */
const State = { unsent: 0, sent: 1, answered: 2 } as const;

const fields = newMessagesFields();

/**
 * Messages that a client has been given and that are not answered yet, kept so
 * that they can be sent again under the same sequence.
 */
export class Outbox {
  /** Messages as a frame carries them, from the first unanswered on. */
  #bytes = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  /** Where each message begins, counted from the first one ever. */
  readonly #positions = new Float64Array(SLOTS);
  readonly #states = new Uint8Array(SLOTS);
  /** Position of `#bytes[#start]`. */
  #position = 0;
  #first: number;
  #next: number;
  /** No message below this sequence is unsent. */
  #unsentFrom: number;
  #unsent = 0;

  /** @param firstSequence Of the first message that will be taken. */
  constructor(firstSequence = 1) {
    this.#first = firstSequence;
    this.#next = firstSequence;
    this.#unsentFrom = firstSequence;
  }

  /** The lowest sequence that is not answered. */
  get firstUnanswered(): number {
    return this.#first;
  }

  /** The sequence of the next message. */
  get nextSequence(): number {
    return this.#next;
  }

  /** Messages from the first unanswered on; some of them may be answered. */
  get length(): number {
    return this.#next - this.#first;
  }

  /** Whether some message waits to be sent. */
  get hasUnsent(): boolean {
    return this.#unsent > 0;
  }

  /** Whether another message can be taken. */
  get hasRoom(): boolean {
    return this.length < SLOTS && this.#end - this.#start < OUTBOX_BYTES_MAX;
  }

  /** Takes a message; there must be room. @returns Its sequence. */
  add(source: Uint8Array, from: number, to: number): number {
    const length = MESSAGE_HEADER_BYTES + to - from;
    if (this.#end + length > this.#bytes.length) this.#makeRoom(length);
    const sequence = this.#next++;
    const slot = sequence & (SLOTS - 1);
    this.#positions[slot] = this.#position + this.#end - this.#start;
    this.#states[slot] = State.unsent;
    this.#unsent++;
    this.#end = writeMessage(this.#bytes, this.#end, source, from, to);
    return sequence;
  }

  /**
   * Writes one `messages` frame of the next unsent messages; there must be
   * one.
   *
   * @param after Highest tick of the receipts so far.
   */
  writeFrame(out: ByteQueue, after: number): void {
    const first = this.#nextUnsent();
    const from = this.#placeOf(first);
    let sequence = first;
    let to = from;
    const last = Math.min(this.#next, first + FRAME_MESSAGES_MAX);
    for (; sequence < last; sequence++) {
      const slot = sequence & (SLOTS - 1);
      if (this.#states[slot] !== State.unsent) break;
      const end = to + MESSAGE_HEADER_BYTES + readU32(this.#bytes, to);
      if (end - from > FRAME_PAYLOAD_BYTES_MAX) break;
      this.#states[slot] = State.sent;
      to = end;
    }
    fields.firstSequence = first;
    fields.floor = this.#first;
    fields.after = after;
    fields.count = sequence - first;
    this.#unsent -= fields.count;
    this.#unsentFrom = sequence;
    const at = writeMessages(out, fields, to - from);
    out.bytes.set(this.#bytes.subarray(from, to), at);
  }

  /**
   * Marks the next unsent message as sent; there must be one.
   *
   * @returns Its sequence; {@linkcode message} gives its bytes.
   */
  take(): number {
    const sequence = this.#nextUnsent();
    this.#states[sequence & (SLOTS - 1)] = State.sent;
    this.#unsent--;
    this.#unsentFrom = sequence + 1;
    return sequence;
  }

  /** The bytes of an unanswered message, as a view until the next change. */
  message(sequence: number): Uint8Array {
    const at = this.#placeOf(sequence);
    const from = at + MESSAGE_HEADER_BYTES;
    return this.#bytes.subarray(from, from + readU32(this.#bytes, at));
  }

  /** Whether a message is in the outbox and has no answer. */
  isUnanswered(sequence: number): boolean {
    return sequence >= this.#first && sequence < this.#next &&
      this.#states[sequence & (SLOTS - 1)] !== State.answered;
  }

  /** Notes an answer; a second one changes nothing. */
  answer(sequence: number): void {
    if (!this.isUnanswered(sequence)) return;
    const slot = sequence & (SLOTS - 1);
    if (this.#states[slot] === State.unsent) this.#unsent--;
    this.#states[slot] = State.answered;
    if (sequence !== this.#first) return;
    while (
      this.#first < this.#next &&
      this.#states[this.#first & (SLOTS - 1)] === State.answered
    ) this.#first++;
    this.#unsentFrom = Math.max(this.#unsentFrom, this.#first);
    this.#dropAnswered();
  }

  /** Has an unanswered message sent again. */
  resend(sequence: number): void {
    const slot = sequence & (SLOTS - 1);
    if (!this.isUnanswered(sequence)) return;
    if (this.#states[slot] === State.unsent) return;
    this.#states[slot] = State.unsent;
    this.#unsent++;
    this.#unsentFrom = Math.min(this.#unsentFrom, sequence);
  }

  /** Has all unanswered messages sent again: the connection was lost. */
  resendAll(): void {
    for (let sequence = this.#first; sequence < this.#next; sequence++) {
      this.resend(sequence);
    }
  }

  #nextUnsent(): number {
    let sequence = this.#unsentFrom;
    while (this.#states[sequence & (SLOTS - 1)] !== State.unsent) sequence++;
    return sequence;
  }

  #placeOf(sequence: number): number {
    return this.#start + this.#positions[sequence & (SLOTS - 1)]! -
      this.#position;
  }

  #dropAnswered(): void {
    const start = this.#first === this.#next
      ? this.#end
      : this.#placeOf(this.#first);
    this.#position += start - this.#start;
    this.#start = start;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  #makeRoom(count: number): void {
    const length = this.#end - this.#start;
    let capacity = this.#bytes.length;
    // Moving is worth it only when much is free; else it would be done often.
    while (capacity < 2 * (length + count)) capacity *= 2;
    if (capacity === this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array(capacity);
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
    }
    this.#start = 0;
    this.#end = length;
  }
}
