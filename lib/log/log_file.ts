/**
 * One log file in the original's format, `<timestamp> - <message>`.
 *
 * Lines gather during a turn and are written when it ends, before any answer
 * leaves: `tail -f` is live, a kill loses no line of anything that was
 * answered, and a busy turn costs one write. Lines of messages are put together
 * from bytes, without a string for each.
 *
 * @module
 */

import type { Clock, Turn } from "../ports.ts";
import { ESCAPED_BYTES_MAX, escapeInto } from "../store/escape.ts";
import { bytesOf, decimalLength, writeDecimal } from "../wire/ascii.ts";
import { ByteQueue } from "../wire/byte_queue.ts";
import { timestamp, TIMESTAMP_BYTES } from "./timestamp.ts";

const SEPARATOR = " - ";
const LF = 10;

/** See the module. */
export class LogFile {
  /** Where it is. */
  readonly path: string;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #failed: (path: string, reason: string) => void;
  readonly #file: Deno.FsFile;
  readonly #lines = new ByteQueue();
  /** Timestamp and separator of the last line; many share a millisecond. */
  readonly #prefix = new Uint8Array(TIMESTAMP_BYTES + SEPARATOR.length);
  #prefixMs = NaN;
  #isFlushDue = false;
  #isFailing = false;
  readonly #flushJob = () => this.flush();

  /**
   * Opens the file for appending.
   *
   * @param failed Is told once when lines cannot be written any more; the
   * process goes on, and tries again with every turn.
   * @throws Whatever opening throws.
   */
  constructor(
    path: string,
    ports: { readonly clock: Clock; readonly turn: Turn },
    failed: (path: string, reason: string) => void,
  ) {
    this.path = path;
    this.#clock = ports.clock;
    this.#turn = ports.turn;
    this.#failed = failed;
    this.#file = Deno.openSync(path, { append: true, create: true });
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
      while (this.#lines.length > 0) {
        this.#lines.consume(this.#file.writeSync(this.#lines.view()));
      }
      this.#isFailing = false;
    } catch (error) {
      // A full disk must not stop the service, nor fill memory with lines.
      this.#lines.clear();
      if (this.#isFailing) return;
      this.#isFailing = true;
      this.#failed(this.path, error instanceof Error ? error.message : "");
    }
  }
}
