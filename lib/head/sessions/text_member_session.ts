/**
 * A data node that speaks chunks or lines: an original program, or a person
 * who types `recibido`.
 *
 * Its answers name no message, so one message at a time is on its connection,
 * and an answer that was not asked for ends the connection: else it could be
 * taken for the answer to a message that is not stored.
 *
 * @module
 */

import {
  MESSAGE_BYTES_MAX,
  ORIGINAL_MESSAGE_BYTES_MAX,
  STORE_SLOW_MS,
  STORE_TIMEOUT_MS,
  TYPING_SLOW_MS,
  TYPING_TIMEOUT_MS,
} from "../../base/limits.ts";
import { newNodeId } from "../../base/random_names.ts";
import type { Link, Session } from "../../base/ports.ts";
import { ESCAPED_BYTES_MAX, escapeInto } from "../../wire/escape.ts";
import { bytesOf, startsWith, textOf } from "../../base/ascii.ts";
import { MESSAGE_HEADER_BYTES } from "../../wire/client_frames.ts";
import { WireError } from "../../wire/errors.ts";
import { Encoding, quoteStart } from "../../wire/greeting.ts";
import { findLineEnd, trimLineEnd } from "../../wire/line.ts";
import { readU32 } from "../../base/little_endian.ts";
import { MESSAGE_PREFIX, STORED } from "../../wire/words.ts";
import type { Batch } from "../delivery/batch.ts";
import type { HeadContext } from "../context.ts";
import { Member, type MemberWire } from "../members/member.ts";

const storedBytes = bytesOf(STORED);
const prefixBytes = bytesOf(MESSAGE_PREFIX);

/** A longer answer than this is none. */
const ANSWER_BYTES_MAX = 1024;

/** The head's end of a connection to a data node that speaks text. */
export class TextMemberSession implements Session, MemberWire {
  readonly #context: HeadContext;
  readonly #link: Link;
  readonly #encoding: Encoding;
  readonly #member: Member;
  readonly longestMax: number;
  readonly slowMsMin: number;
  readonly answerTimeoutMs: number;
  /** The batch being stored, and where its message on the wire ends in it. */
  #batch: Batch | undefined;
  #end = 0;

  constructor(context: HeadContext, link: Link, encoding: Encoding) {
    this.#context = context;
    this.#link = link;
    this.#encoding = encoding;
    const isProgram = encoding === Encoding.chunk;
    this.longestMax = isProgram
      ? ORIGINAL_MESSAGE_BYTES_MAX
      : MESSAGE_BYTES_MAX;
    this.slowMsMin = isProgram ? STORE_SLOW_MS : TYPING_SLOW_MS;
    this.answerTimeoutMs = isProgram ? STORE_TIMEOUT_MS : TYPING_TIMEOUT_MS;
    this.#member = new Member(
      newNodeId(context.strongRandom),
      link,
      this,
      context.memberWindowBytes,
    );
    context.membership.join(this.#member, encoding);
  }

  received(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (at < length && !this.#member.left) {
      const used = this.#encoding === Encoding.chunk
        ? this.#takeChunk(bytes, at, length)
        : this.#takeLine(bytes, at, length);
      if (used === 0) {
        if (length - at > ANSWER_BYTES_MAX) this.#drop("its answer has no end");
        return at;
      }
      at += used;
    }
    return length;
  }

  ended(): void {
    this.#context.membership.leave(this.#member, "it closed the connection");
    this.#link.end();
  }

  drained(): void {}

  closed(reason: string): void {
    this.#context.membership.leave(this.#member, reason);
  }

  hasRoom(): boolean {
    return this.#batch === undefined;
  }

  write(batch: Batch): void {
    this.#batch = batch;
    this.#end = 0;
    this.#writeNext(batch);
  }

  /** Puts the next message of the batch on the connection. */
  #writeNext(batch: Batch): void {
    const { out } = this.#link;
    const length = readU32(batch.bytes, this.#end);
    const from = this.#end + MESSAGE_HEADER_BYTES;
    const to = from + length;
    out.append(prefixBytes);
    if (this.#encoding === Encoding.chunk) {
      out.append(batch.bytes, from, to);
    } else {
      const at = out.reserve(length * ESCAPED_BYTES_MAX + 1);
      const end = escapeInto(out.bytes, at, batch.bytes, from, to);
      out.bytes[end] = 10;
      out.commit(end + 1 - at);
    }
    this.#end = to;
    this.#link.send();
  }

  /** @returns How many bytes were used, or 0 to wait for more. */
  #takeChunk(bytes: Uint8Array, at: number, length: number): number {
    if (startsWith(bytes, storedBytes, at, length)) {
      this.#takeStored();
      return storedBytes.length;
    }
    if (startsWith(storedBytes, bytes.subarray(at, length))) return 0;
    this.#drop(
      `it answered ${quoteStart(bytes.subarray(at), length - at)} ` +
        `instead of '${STORED}'`,
    );
    return length - at;
  }

  /** @returns How many bytes were used, or 0 to wait for more. */
  #takeLine(bytes: Uint8Array, at: number, length: number): number {
    const lf = findLineEnd(bytes, at, length);
    if (lf < 0) return 0;
    const answer = textOf(bytes, at, trimLineEnd(bytes, at, lf)).trim();
    if (answer === STORED) this.#takeStored();
    else this.#takeRefusal(answer);
    return lf + 1 - at;
  }

  #takeStored(): void {
    const batch = this.#batch;
    if (batch === undefined) {
      this.#drop(`it answered '${STORED}' to no message`);
      return;
    }
    const { delivery, clock } = this.#context;
    const nowMs = clock.nowMs();
    this.#member.answered(nowMs);
    // Of a batch that others have stored meanwhile it needs no more.
    if (this.#end < batch.length && !batch.answered) {
      delivery.progressed(this.#member);
      this.#writeNext(batch);
    } else {
      this.#batch = undefined;
      delivery.stored(this.#member, delivery.tick);
      this.#member.pump(clock.nowMs());
      delivery.retryWaiting();
    }
  }

  #takeRefusal(answer: string): void {
    if (this.#batch === undefined) {
      this.#drop("it answered to no message");
      return;
    }
    this.#batch = undefined;
    const { delivery, clock } = this.#context;
    this.#member.answered(clock.nowMs());
    delivery.refused(
      this.#member,
      1,
      WireError.notStored,
      answer.replace(/^error [\w-]+: /, ""),
    );
    this.#member.pump(clock.nowMs());
    delivery.retryWaiting();
  }

  #drop(reason: string): void {
    this.#link.end();
    this.#context.membership.leave(this.#member, reason);
  }
}
