/**
 * A source: the segments or a lane of one data node, and how reading it fares.
 *
 * A source that cannot be read is absent in one of three grades:
 *
 * - awaited: it has not failed for long, and records of others that may come
 *   after its own wait for it;
 * - left out: nothing waits for it, but it is asked again once it is there;
 * - given up: it is left out, and never asked again.
 *
 * @module
 */

import type { MergeSource } from "../store/merge.ts";
import type { RecordStream } from "../store/record_stream.ts";

/** Pause before a data node that has nothing new is asked again, in ms. */
const ASK_PAUSE_MS = 200;

/**
 * Pause before a lane that has nothing new is asked again, in ms: only after a
 * loss is anything added to one.
 */
const ASK_LANE_PAUSE_MS = 2_000;

/** Time in which a data node that went away may return, in ms. */
export const RETURN_MS_MAX = 5_000;

/**
 * Time for one piece to come, in ms, while the head answers: a disk that hangs
 * must not have a reader wait without a word.
 */
const PIECE_MS_MAX = 10_000;

/** The segments or a lane of one data node, and how reading it fares. */
export class Source implements MergeSource {
  readonly stream: RecordStream;
  /** Its lane (lanes.ts), from 1; 0 are the segments. */
  readonly lane: number;
  /** Its last address. */
  address = "";
  #isLeftOut = false;
  #isPresent = true;
  /** Since when nothing could be read from it; undefined while it can. */
  #failingSinceMs: number | undefined;
  #failure = "";
  /** What was told of its absence. */
  #told: string | undefined;
  /** Since when a piece has been asked for; undefined when none is. */
  #askedMs: number | undefined;
  #askAtMs = 0;

  constructor(stream: RecordStream, lane: number) {
    this.stream = stream;
    this.lane = lane;
  }

  /** Whether nothing waits for it: it is left out, or given up. */
  get isLeftOut(): boolean {
    return this.#isLeftOut;
  }

  /** Whether it is away, and is waited for. */
  get isAwaited(): boolean {
    return !this.#isPresent && !this.#isLeftOut;
  }

  /** `address (id)`, for people. */
  get label(): string {
    return `${this.address} (${this.stream.id})`;
  }

  /** Whether another piece should be asked for now. */
  isDue(nowMs: number): boolean {
    return this.#isPresent && this.#askedMs === undefined &&
      nowMs >= this.#askAtMs && this.stream.wants;
  }

  /** Whether it has failed for so long that it is not to be waited for. */
  isOverdue(nowMs: number): boolean {
    return !this.#isLeftOut && this.#failingSinceMs !== undefined &&
      nowMs - this.#failingSinceMs >= RETURN_MS_MAX;
  }

  /**
   * The head has told whether it is there.
   *
   * @param mayCome Whether the head has not been up for long enough to know.
   */
  listed(
    address: string,
    isPresent: boolean,
    mayCome: boolean,
    nowMs: number,
  ): void {
    this.address = address;
    if (isPresent && !this.#isPresent) this.#askAtMs = nowMs;
    this.#isPresent = isPresent;
    if (isPresent) return;
    this.#failure = "it is away";
    if (mayCome) {
      this.#failingSinceMs = undefined;
      return;
    }
    // A data node of which nothing was read yet gets no time to return.
    this.#failingSinceMs ??= this.stream.position > 0 ? nowMs : -Infinity;
  }

  /** Goes on without it, until it can be read again. */
  leaveOut(): void {
    this.#isLeftOut = true;
  }

  /** Goes on without it, and does not ask it again, should it return. */
  giveUp(): void {
    this.#isLeftOut = true;
    this.stream.giveUp();
  }

  /**
   * Has it read to its end if it is back, and gives it up if not: whoever
   * followed is about to end.
   */
  lookAgain(): void {
    if (!this.#isLeftOut) return;
    if (!this.#isPresent) {
      this.stream.giveUp();
      return;
    }
    this.#isLeftOut = false;
    this.#failingSinceMs = undefined;
  }

  /** What to tell of its absence; noted, so that its return is told as well. */
  tellMissing(): string {
    this.#told = `dataNode ${this.label} cannot be read: ${this.#failure}; ` +
      "messages that only it holds are missing";
    return this.#told;
  }

  /** It is not missing any more. @returns What was told, if anything was. */
  takeTold(): string | undefined {
    const told = this.#told;
    this.#told = undefined;
    return told;
  }

  /** A piece was asked for. */
  asked(nowMs: number): void {
    this.#askedMs = nowMs;
  }

  /** Whether the piece that was asked for has not come in time. */
  isUnanswered(nowMs: number): boolean {
    return this.#askedMs !== undefined && nowMs - this.#askedMs > PIECE_MS_MAX;
  }

  /** A piece came. */
  answered(isEmpty: boolean, nowMs: number): void {
    this.#askedMs = undefined;
    this.#failingSinceMs = undefined;
    this.#isLeftOut = false;
    if (!isEmpty) return;
    this.#askAtMs = nowMs + (this.lane > 0 ? ASK_LANE_PAUSE_MS : ASK_PAUSE_MS);
  }

  /** Has it read to where it ends now: whoever followed is about to end. */
  stopFollowing(): void {
    this.stream.stopFollowing();
    this.#askAtMs = 0;
  }

  /** No piece came: it is away, or for the reason given. */
  failed(isAway: boolean, reason: string, nowMs: number): void {
    this.#askedMs = undefined;
    this.#isPresent = !isAway;
    this.#failingSinceMs ??= nowMs;
    this.#failure = isAway ? "it is away" : reason;
    this.#askAtMs = nowMs + ASK_PAUSE_MS;
  }

  /** The connection is lost, and with it what was asked. */
  unasked(): void {
    this.#askedMs = undefined;
  }
}
