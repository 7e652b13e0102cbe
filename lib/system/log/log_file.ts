/**
 * One log file in the original's format, `<timestamp> - <message>`.
 *
 * Lines gather during a turn and are written when it ends, before any answer
 * leaves: `tail -f` is live, a kill loses no line of anything that was
 * answered, and a busy turn costs one write. Lines of messages are put together
 * from bytes, without a string for each.
 *
 * What cannot be written is counted, and told in the file once it can be. A
 * file that was moved or removed is opened anew, so that logs can be rotated.
 *
 * @module
 */

import { counted } from "../../base/counted.ts";
import type { Clock, Turn } from "../../base/ports.ts";
import { ESCAPED_BYTES_MAX, escapeInto } from "../../wire/escape.ts";
import { visible } from "../../wire/visible.ts";
import { bytesOf, decimalLength, writeDecimal } from "../../base/ascii.ts";
import { ByteQueue } from "../../base/byte_queue.ts";
import { AppendFile, type AppendTarget } from "./append_file.ts";
import { timestamp, TIMESTAMP_BYTES } from "./timestamp.ts";

const SEPARATOR = " - ";
const LF = 10;

/** Who hears of a file that cannot be written. */
export interface LogFileEvents {
  /** Told once when lines cannot be written any more, and why. */
  failed(path: string, reason: string): void;
  /** They can be again; so many were lost meanwhile. */
  mended(path: string, lost: number): void;
}

/** One file of log lines, written when the turn ends. */
export class LogFile {
  /** Where it is. */
  readonly path: string;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #events: LogFileEvents;
  readonly #open: (path: string) => AppendTarget;
  #file: AppendTarget;
  readonly #lines = new ByteQueue();
  /** Timestamp and separator of the last line; many share a millisecond. */
  readonly #prefix = new Uint8Array(TIMESTAMP_BYTES + SEPARATOR.length);
  #prefixMs = NaN;
  #isFlushDue = false;
  /** Whether the last line of the file is not whole. */
  #isTorn: boolean;
  /** Why the last lines could not be written, if so. */
  #failure: string | undefined;
  /** Lines that could not be written, and that the file does not tell of. */
  #lost = 0;
  /** Lines that could not be written since it began to fail. */
  #lostInAll = 0;
  /** Why what is written now would be gone: the file has no name any more. */
  #removal: string | undefined;
  readonly #flushJob = () => this.flush();

  /**
   * Opens the file for appending.
   *
   * @param events Hears of failures; the process goes on, and tries again with
   * every turn and every {@linkcode look}.
   * @param open Instead of the disk: a test's.
   * @throws Whatever opening throws.
   */
  constructor(
    path: string,
    ports: { readonly clock: Clock; readonly turn: Turn },
    events: LogFileEvents,
    open: (path: string) => AppendTarget = (path) => new AppendFile(path),
  ) {
    this.path = path;
    this.#clock = ports.clock;
    this.#turn = ports.turn;
    this.#events = events;
    this.#open = open;
    this.#file = open(path);
    this.#isTorn = !this.#file.endsInLine;
  }

  /**
   * Why the lines of the last turn could not all be written; undefined when
   * they were. Those of a turn are written before its answers leave.
   */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Adds a line; control characters in `text` are escaped. */
  line(text: string): void {
    const bytes = bytesOf(text);
    this.begin().escaped(bytes, 0, bytes.length).end();
  }

  /** Begins a line of parts; {@linkcode end} must follow in the same turn. */
  begin(): this {
    const ms = this.#clock.wallMs();
    if (ms !== this.#prefixMs) {
      this.#prefixMs = ms;
      this.#prefix.set(bytesOf(timestamp(ms) + SEPARATOR));
    }
    this.#lines.append(this.#prefix);
    return this;
  }

  /** Adds text of printable ASCII. */
  ascii(text: string): this {
    const at = this.#lines.reserve(text.length);
    const bytes = this.#lines.bytes;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#lines.commit(text.length);
    return this;
  }

  /** Adds a whole number in decimal. */
  decimal(value: number): this {
    const length = decimalLength(value);
    const at = this.#lines.reserve(length);
    writeDecimal(this.#lines.bytes, at, value);
    this.#lines.commit(length);
    return this;
  }

  /** Adds bytes of printable ASCII. */
  bytes(bytes: Uint8Array): this {
    this.#lines.append(bytes);
    return this;
  }

  /** Adds a payload, escaped as in `data.txt`. */
  escaped(payload: Uint8Array, from: number, to: number): this {
    const at = this.#lines.reserve((to - from) * ESCAPED_BYTES_MAX);
    const end = escapeInto(this.#lines.bytes, at, payload, from, to);
    this.#lines.commit(end - at);
    return this;
  }

  /** Ends a line of parts. */
  end(): void {
    const at = this.#lines.reserve(1);
    this.#lines.bytes[at] = LF;
    this.#lines.commit(1);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#turn.beforeSending(this.#flushJob);
  }

  /** Writes what has gathered; to be called by hand only before an exit. */
  flush(): void {
    this.#isFlushDue = false;
    try {
      if (this.#removal !== undefined) throw new Error(this.#removal);
      if (this.#isTorn || this.#lost > 0) this.#mend();
      this.#write(this.#lines);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#events.mended(this.path, this.#lostInAll);
    this.#lostInAll = 0;
  }

  /**
   * Looks whether the file is still the one of its name, and whether it can be
   * written again; to be called now and then.
   */
  look(): void {
    if (this.#file.isNamed()) this.#retry();
    else this.reopen();
  }

  /** Opens the file of this name anew: the old one was given another. */
  reopen(): void {
    try {
      const file = this.#open(this.path);
      this.#file.close();
      this.#file = file;
      this.#isTorn = !file.endsInLine;
      this.#removal = undefined;
    } catch (error) {
      // One that was only renamed keeps its lines.
      if (this.#file.isRemoved()) this.#removal = reasonOf(error);
    }
    this.#retry();
  }

  /** Not with a turn's lines: whether those are written is asked at its end. */
  #retry(): void {
    const hasFailed = (this.#failure ?? this.#removal) !== undefined;
    if (hasFailed && !this.#isFlushDue) this.flush();
  }

  /** Ends a line that was cut off, and tells of those that are not there. */
  #mend(): void {
    const lines = new ByteQueue();
    if (this.#isTorn) lines.append(Uint8Array.of(LF));
    if (this.#lost > 0) {
      const text = `… ${counted(this.#lost, "line")} could not be written: ` +
        visible(this.#failure ?? "");
      const time = timestamp(this.#clock.wallMs());
      lines.append(bytesOf(`${time}${SEPARATOR}${text}\n`));
    }
    this.#write(lines);
    this.#lost = 0;
  }

  #write(lines: ByteQueue): void {
    while (lines.length > 0) {
      const count = this.#file.writeSync(lines.view());
      if (count > 0) this.#isTorn = lines.bytes[lines.start + count - 1] !== LF;
      lines.consume(count);
    }
  }

  /** A full disk must not stop the service, nor fill memory with lines. */
  #fail(error: unknown): void {
    let lost = 0;
    for (const byte of this.#lines.view()) if (byte === LF) lost++;
    this.#lines.clear();
    this.#lost += lost;
    this.#lostInAll += lost;
    const isNew = this.#failure === undefined;
    this.#failure = reasonOf(error);
    if (isNew) this.#events.failed(this.path, this.#failure);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
