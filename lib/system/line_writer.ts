/**
 * Lines to a stream whose reader may be slow, or gone, or not willing to make
 * its writers wait.
 *
 * - A pipe may be full. Its writer would stand still and hear no signal, so that
 *   is waited for beside other work; but in pieces that costs twice the time of
 *   a whole read-back, and so a reader who has kept pace for a while is written
 *   to at once.
 * - A pipe or a terminal may have been made not to wait (O_NONBLOCK) by whoever
 *   shares it. Then writing fails when it is full, and is tried again.
 * - What fails is done either whole or not at all only for what is so small that
 *   a pipe takes it whole. Of more it may have taken a part, and Deno, whose
 *   standard output looks for the ends of lines, throws without saying how much:
 *   writing it again would double it.
 *
 * @module
 */

import type { SyncWriter } from "./write_all.ts";

/** A stream of the process. */
export interface LineStream extends SyncWriter {
  /** @returns How many bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What a pipe takes whole or not at all: PIPE_BUF of POSIX, on Linux. */
const WHOLE_BYTES_MAX = 4_096;

/** Bytes to be taken without a pause before a reader is trusted: two pipes full. */
const WARY_BYTES = 128 * 1024;

/** Time for one piece that tells that the reader makes us wait, in ms. */
const SLOW_MS = 5;

/** Pause before trying again, in ms: nothing tells when there is room. */
const FULL_PAUSE_MS = 10;

const LF = 10;

/** Writes to one such stream, and says when its reader is gone. */
export class LineWriter {
  readonly #stream: LineStream;
  /** Bytes to be written yet beside other work. */
  #waryBytes = WARY_BYTES;

  constructor(stream: LineStream) {
    this.#stream = stream;
  }

  /**
   * Writes whole lines, and waits for as long as somebody may read them.
   *
   * @throws Whatever writing throws, but that the stream is full.
   */
  async write(lines: Uint8Array): Promise<void> {
    for (let from = 0; from < lines.length;) {
      const piece = lines.subarray(from, endOfPiece(lines, from));
      const startMs = performance.now();
      try {
        // The first in any case: it may come after a long time.
        const taken = from === 0 || this.#waryBytes > 0
          ? await this.#stream.write(piece)
          : this.#stream.writeSync(piece);
        from += taken;
        this.#waryBytes -= taken;
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        await new Promise((resolve) => setTimeout(resolve, FULL_PAUSE_MS));
      }
      if (performance.now() - startMs > SLOW_MS) this.#waryBytes = WARY_BYTES;
    }
  }
}

/** As many whole lines as are taken as one; or a part of a long one. */
function endOfPiece(lines: Uint8Array, from: number): number {
  const to = Math.min(from + WHOLE_BYTES_MAX, lines.length);
  const end = lines.lastIndexOf(LF, to - 1);
  return end < from ? to : end + 1;
}
