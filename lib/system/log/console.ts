/**
 * The console: lines for a person, who may have stopped reading.
 *
 * A terminal can be held (Ctrl-S) and a pipe can be full. Writing waits for
 * it beside the work, never in its way: what cannot be shown is counted.
 *
 * @module
 */

import { type SyncWriter, writeAllSync } from "../write_all.ts";

/** A stream of the process. */
export interface ConsoleStream extends SyncWriter {
  /** @returns How many bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Text that may wait for a console that is not read: all the messages of a
 * second, each as long as a line may be.
 */
const WAITING_CHARS_MAX = 256 * 1024;

const encoder = new TextEncoder();

/** Lines on their way to a terminal or a pipe. */
export class Console {
  readonly #stream: ConsoleStream;
  readonly #leftOut: (lines: number) => string;
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isInFlight = false;

  /** @param leftOut Words the line that tells how many could not be shown. */
  constructor(stream: ConsoleStream, leftOut: (lines: number) => string) {
    this.#stream = stream;
    this.#leftOut = leftOut;
  }

  /** Shows a line, as soon as the console takes it. */
  line(text: string): void {
    // One line alone is never too much.
    const length = this.#waiting.length;
    if (length > 0 && length + text.length > WAITING_CHARS_MAX) {
      this.#dropped++;
      return;
    }
    this.#waiting += `${text}\n`;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when every line so far is shown, or nobody reads any more. */
  async shown(): Promise<void> {
    await this.#writing;
  }

  /** Shows at once what waits, in front of an exit that cannot wait. */
  showNow(): void {
    // What follows half a line would be worse than nothing.
    if (this.#isInFlight) return;
    try {
      writeAllSync(this.#stream, this.#takeWaiting());
    } catch {
      // Nobody reads it.
    }
  }

  async #writeAll(): Promise<void> {
    // Lines of this turn leave together.
    await Promise.resolve();
    while (this.#waiting !== "") {
      this.#isInFlight = true;
      try {
        for (let rest = this.#takeWaiting(); rest.length > 0;) {
          rest = rest.subarray(await this.#stream.write(rest));
        }
      } catch {
        // Nobody reads it, which is no reason to stop.
      }
      this.#isInFlight = false;
    }
    this.#writing = undefined;
  }

  #takeWaiting(): Uint8Array {
    let text = this.#waiting;
    if (this.#dropped > 0) {
      text += `${this.#leftOut(this.#dropped)}\n`;
      this.#dropped = 0;
    }
    this.#waiting = "";
    return encoder.encode(text);
  }
}
