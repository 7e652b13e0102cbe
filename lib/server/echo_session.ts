/**
 * One connection to the server: handshake, then echo.
 *
 * Echoes are put where they leave from as their messages come, and taken back
 * before they leave when the log could not be written ({@linkcode
 * EchoSession.confirm}).
 *
 * @module
 */

import {
  GREETING_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  READ_BYTES_CHUNK,
  SEND_BYTES_HIGH,
} from "../base/limits.ts";
import type { Link, Session } from "../base/ports.ts";
import { bytesOf } from "../base/ascii.ts";
import { errorLine, WireError, type WireErrorKind } from "../wire/errors.ts";
import { Encoding, formatProperties } from "../wire/greeting.ts";
import { LineScanner, LineStatus, UNENDED_LINE } from "../wire/line.ts";
import { RequestStep } from "../wire/request_step.ts";
import { formatStatus, type Status } from "../wire/status.ts";
import type { ServerEvents } from "./events.ts";

/** What a session needs of its server. */
export interface EchoHost {
  /** When the handshake must be over, on the core's clock. */
  readonly deadlineMs: number;
  /** Takes a place. @returns Why there is none, if so. */
  takePlace(): string | undefined;
  /** What the server says of itself. */
  status(): Status;
  /**
   * The session has begun to answer messages in this turn; it is to be told
   * with {@linkcode EchoSession.confirm} whether they are in the log.
   */
  answers(session: EchoSession): void;
  /** The connection is over. */
  closed(session: EchoSession): void;
}

/** Tells a frame peer that it speaks with a server, and that in lines. */
const SERVER_PROPERTIES = `${formatProperties({ role: "server" })}\n`;

/** One client of the server: shakes hands, then sends every message back. */
export class EchoSession implements Session {
  readonly #link: Link;
  readonly #events: ServerEvents;
  readonly #host: EchoHost;
  readonly #label: string;
  readonly #request = new RequestStep(restOfConfirmation, false);
  #hasPlace = false;
  readonly #lines = new LineScanner(MESSAGE_BYTES_MAX);
  #over = false;
  /** Answers in `out` that are as good as the log is. */
  #unconfirmed = 0;
  /** How long `out` was before them. */
  #confirmedBytes = 0;

  constructor(link: Link, events: ServerEvents, host: EchoHost) {
    this.#link = link;
    this.#events = events;
    this.#host = host;
    this.#label = `${link.peerAddress}:${link.peerPort}`;
  }

  /** Whether it counts among the clients served. */
  get hasPlace(): boolean {
    return this.#hasPlace;
  }

  received(bytes: Uint8Array, length: number): number {
    let used = 0;
    while (!this.#over && !this.#request.settled) {
      const step = this.#greet(bytes.subarray(used, length));
      if (step < 0) return this.#over ? length : used;
      used += step;
    }
    if (this.#over) return length;
    if (used === length) return used;
    if (this.#link.out.length >= SEND_BYTES_HIGH) {
      this.#link.pause();
      return used;
    }
    return this.#request.encoding === Encoding.chunk
      ? this.#echoChunk(bytes, used, length)
      : this.#echoLines(bytes, used, length);
  }

  ended(unused: number): void {
    if (unused > 0 && this.#hasPlace) {
      if (this.#unconfirmed > 0) this.#unconfirmed++;
      const line = errorLine(WireError.malformed, UNENDED_LINE);
      this.#link.out.append(bytesOf(`${line}\n`));
    }
    this.#link.end();
  }

  drained(): void {
    if (!this.#over) this.#link.resume();
  }

  closed(reason: string): void {
    this.#over = true;
    this.#host.closed(this);
    if (this.#hasPlace) this.#events.clientLeft(this.#label, reason);
  }

  /** Ends a handshake that takes too long. */
  tick(nowMs: number): void {
    if (this.#over || this.#hasPlace || nowMs <= this.#host.deadlineMs) return;
    this.refuse(
      WireError.silent,
      `no handshake within ${GREETING_TIMEOUT_MS / 1000} s`,
    );
  }

  /** Tells the peer why it is not served, and closes. */
  refuse(kind: WireErrorKind, reason: string): void {
    this.#over = true;
    this.#link.out.append(bytesOf(`${errorLine(kind, reason)}\n`));
    this.#link.end();
    this.#events.refusedPeer(this.#label, reason);
  }

  /** Takes no more messages, and closes after what was answered. */
  drain(): void {
    this.#over = true;
    this.#link.end();
  }

  /**
   * What was answered in this turn is in the log, or, for the reason given, is
   * not; then it is taken back.
   *
   * @returns How many answers were taken back.
   */
  confirm(reason: string | undefined): number {
    const count = this.#unconfirmed;
    this.#unconfirmed = 0;
    if (reason === undefined) return 0;
    const { out } = this.#link;
    out.truncate(this.#confirmedBytes);
    const ending = this.#request.encoding === Encoding.chunk ? "" : "\n";
    const answer = bytesOf(errorLine(WireError.notStored, reason) + ending);
    for (let i = 0; i < count; i++) {
      // Empty lines are shorter than what there is to say of each.
      if (out.length >= SEND_BYTES_HIGH) {
        this.#over = true;
        this.#link.end();
        break;
      }
      out.append(answer);
    }
    return count;
  }

  /**
   * Notes answers of which some are as good as the log is.
   *
   * @param confirmedBytes How long `out` was before the first of them.
   */
  #answers(count: number, confirmedBytes: number): void {
    if (this.#unconfirmed === 0) {
      this.#confirmedBytes = confirmedBytes;
      this.#host.answers(this);
    }
    this.#unconfirmed += count;
  }

  /** @returns How many bytes were used, or -1 when more are needed. */
  #greet(bytes: Uint8Array): number {
    const begins = this.#request.encoding === undefined;
    const { out } = this.#link;
    const used = this.#request.read(bytes, out);
    if (this.#request.asksStatus) {
      this.#tellStatus();
      return -1;
    }
    if (this.#request.wrong !== undefined) {
      this.refuse(WireError.handshake, this.#request.wrong);
      return -1;
    }
    if (used > 0 && begins) {
      const refusal = this.#host.takePlace();
      if (refusal !== undefined) {
        out.clear();
        this.refuse(WireError.full, refusal);
        return -1;
      }
      this.#hasPlace = true;
      const encoding = this.#request.encoding!;
      if (encoding === Encoding.chunk) this.#link.expect(READ_BYTES_CHUNK);
      this.#events.clientJoined(this.#label, encoding);
    }
    if (used > 0) this.#link.send();
    return used;
  }

  #tellStatus(): void {
    this.#over = true;
    this.#link.out.append(bytesOf(formatStatus(this.#host.status())));
    this.#link.end();
  }

  #echoChunk(bytes: Uint8Array, from: number, length: number): number {
    const { out } = this.#link;
    this.#events.message(this.#label, bytes, from, length);
    this.#answers(1, out.length);
    out.append(bytes, from, length);
    this.#link.send();
    return length;
  }

  #echoLines(bytes: Uint8Array, from: number, length: number): number {
    const { out } = this.#link;
    const lines = this.#lines;
    const confirmedBytes = out.length;
    let messages = 0;
    let answers = 0;
    let echoFrom = from;
    let at = from;
    for (;;) {
      const status = lines.next(bytes, at, length);
      if (status === LineStatus.partial) break;
      answers++;
      if (status === LineStatus.tooLong) {
        out.append(bytes, echoFrom, at);
        this.#answerTooLong();
        echoFrom = lines.used;
      } else {
        // The rest of a line that was too long may stand in front of it.
        if (lines.start > at) echoFrom = lines.start;
        this.#events.message(this.#label, bytes, lines.start, lines.end);
        messages++;
      }
      at = lines.used;
    }
    // All whole lines go back in one piece, just as they came.
    if (at > echoFrom) out.append(bytes, echoFrom, at);
    if (messages + this.#unconfirmed > 0) {
      this.#answers(answers, confirmedBytes);
    }
    if (at > from) this.#link.send();
    return lines.used;
  }

  #answerTooLong(): void {
    const reason = `a message is at most ${MESSAGE_BYTES_MAX} bytes`;
    const line = `${errorLine(WireError.tooLong, reason)}\n`;
    this.#link.out.append(bytesOf(line));
    this.#link.send();
  }
}

function restOfConfirmation(encoding: Encoding): string {
  if (encoding === Encoding.chunk) return "";
  return encoding === Encoding.line ? "\n" : SERVER_PROPERTIES;
}
