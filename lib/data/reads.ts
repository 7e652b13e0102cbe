/**
 * How a data node is read from, beside the messages that are being stored.
 *
 * A disk that does not come back from a read holds up all of them: then
 * whoever waits is told so, until it does.
 *
 * @module
 */

import { Fifo } from "../base/fifo.ts";
import { READ_PIECE_BYTES } from "../base/limits.ts";
import type { Journal } from "../store/journal.ts";
import type { Restores } from "./restores.ts";
import type { ReadFields } from "../wire/read_frames.ts";

/** Who asks for pieces: the session with a head. */
export interface Requester {
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
  readonly requester: Requester;
  readonly fields: ReadFields;
}

const NOTHING = new Uint8Array();

/**
 * Time for one read, in ms. A disk that sleeps needs some seconds to wake up;
 * who waits for longer had better ask another data node.
 */
const READ_MS_MAX = 10_000;

/** Requests that wait, at most; heads have `READS_MAX` for each reader. */
const WAITING_MAX = 4_096;

const HANGS = "the disk does not answer";

/** Reads what is wanted of this node's segments, one piece after the other. */
export class Reads {
  readonly #journal: Journal;
  readonly #restores: Restores;
  readonly #waiting = new Fifo<Request>();
  readonly #buffer = new Uint8Array(READ_PIECE_BYTES);
  #isReading = false;
  /** Who is being read for; undefined when nobody waits for it. */
  #request: Request | undefined;
  /** When the read under way was begun, by the last tick. */
  #sinceMs = 0;
  #nowMs = 0;
  #isHanging = false;

  constructor(journal: Journal, restores: Restores) {
    this.#journal = journal;
    this.#restores = restores;
  }

  /** Takes a request; its fields are copied. */
  ask(requester: Requester, fields: ReadFields): void {
    if (this.#isHanging || this.#waiting.length >= WAITING_MAX) {
      const reason = this.#isHanging ? HANGS : "too many reads wait";
      requester.piece(fields, 0, NOTHING, reason);
      return;
    }
    this.#waiting.push({ requester, fields: { ...fields } });
    this.goOn();
  }

  /** Moves deadlines. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#isReading || nowMs - this.#sinceMs < READ_MS_MAX) return;
    this.#isHanging = true;
    if (this.#request !== undefined) this.#refuse(this.#request);
    this.#request = undefined;
    for (let n = this.#waiting.length; n > 0; n--) {
      this.#refuse(this.#waiting.shift()!);
    }
  }

  /** A requester is no longer clogged, or gone. */
  goOn(): void {
    // Each is looked at once: a clogged requester holds no other back.
    for (let n = this.#waiting.length; n > 0 && !this.#isReading; n--) {
      const request = this.#waiting.shift()!;
      if (request.requester.isClogged) this.#waiting.push(request);
      else this.#answer(request);
    }
  }

  #answer({ requester, fields }: Request): void {
    const journal = fields.lane === 0
      ? this.#journal
      : this.#restores.lane(fields.lane);
    const end = journal?.end ?? 0;
    if (journal === undefined || fields.position >= end) {
      requester.piece(fields, end, NOTHING, undefined);
      return;
    }
    this.#isReading = true;
    this.#sinceMs = this.#nowMs;
    const request = { requester, fields };
    this.#request = request;
    const length = Math.min(fields.bytesMax, this.#buffer.length);
    const into = this.#buffer.subarray(0, length);
    journal.load(fields.position, into, (count, failure) => {
      this.#isReading = false;
      this.#isHanging = false;
      // Unless it was answered already, because it took so long.
      if (this.#request === request) {
        requester.piece(fields, journal.end, into.subarray(0, count), failure);
      }
      this.#request = undefined;
      this.goOn();
    });
  }

  #refuse({ requester, fields }: Request): void {
    requester.piece(fields, 0, NOTHING, HANGS);
  }
}
