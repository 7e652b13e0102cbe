/**
 * Reads: what readers want of this node's segments, one piece after the other,
 * beside the messages that are being stored.
 *
 * @module
 */

import { Fifo } from "../fifo.ts";
import { READ_PIECE_BYTES } from "../limits.ts";
import type { Journal } from "../store/journal.ts";
import type { Restores } from "./restores.ts";
import type { ReadFields } from "../wire/read_frames.ts";

/** Who asked. */
export interface Reader {
  /** Whether another piece would only wait on its connection. */
  readonly isClogged: boolean;
  /**
   * A piece, or none with the reason; `bytes` is valid during the call.
   *
   * @param end How many synced bytes there are.
   */
  piece(
    request: ReadFields,
    end: number,
    bytes: Uint8Array,
    failure: string | undefined,
  ): void;
}

interface Request {
  readonly reader: Reader;
  readonly fields: ReadFields;
}

const NOTHING = new Uint8Array();

/** See the module. */
export class Reads {
  readonly #journal: Journal;
  readonly #restores: Restores;
  readonly #waiting = new Fifo<Request>();
  readonly #buffer = new Uint8Array(READ_PIECE_BYTES);
  #isReading = false;

  constructor(journal: Journal, restores: Restores) {
    this.#journal = journal;
    this.#restores = restores;
  }

  /** Takes a request; its fields are copied. */
  ask(reader: Reader, fields: ReadFields): void {
    this.#waiting.push({ reader, fields: { ...fields } });
    this.goOn();
  }

  /** A reader is no longer clogged, or gone. */
  goOn(): void {
    // Each is looked at once: a clogged reader holds no other back.
    for (let n = this.#waiting.length; n > 0 && !this.#isReading; n--) {
      const request = this.#waiting.shift()!;
      if (request.reader.isClogged) this.#waiting.push(request);
      else this.#answer(request);
    }
  }

  #answer({ reader, fields }: Request): void {
    const journal = fields.lane === 0
      ? this.#journal
      : this.#restores.lane(fields.lane);
    const end = journal?.end ?? 0;
    if (journal === undefined || fields.position >= end) {
      reader.piece(fields, end, NOTHING, undefined);
      return;
    }
    this.#isReading = true;
    const length = Math.min(fields.bytesMax, this.#buffer.length);
    const into = this.#buffer.subarray(0, length);
    journal.load(fields.position, into, (count, failure) => {
      this.#isReading = false;
      reader.piece(fields, journal.end, into.subarray(0, count), failure);
      this.goOn();
    });
  }
}
