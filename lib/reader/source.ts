/**
 * A source: the segments or a lane of one data node, and how reading it fares.
 *
 * @module
 */

import type { MergeSource } from "../store/merge.ts";
import type { RecordStream } from "../store/record_stream.ts";

/** Pause before a data node that has nothing new is asked again, in ms. */
const ASK_PAUSE_MS = 200;

/** The same for a lane, to which something is added after a loss only. */
const ASK_LANE_PAUSE_MS = 2_000;

/** Time for a data node that went away while it was read to return, in ms. */
export const RETURN_MS_MAX = 5_000;

/**
 * Time for one piece to come, in ms, while the head answers: a disk that hangs
 * must not have a reader wait without a word.
 */
const PIECE_MS_MAX = 10_000;

/** See the module. */
export class Source implements MergeSource {
  readonly stream: RecordStream;
  /** Its lane (lanes.ts), from 1; 0 are the segments. */
  readonly lane: number;
  /** Its last address. */
  address = "";
  /** Whether its absence was told, because it has lasted. */
  isLeftOut = false;
  #isPresent = true;
  /** Since when nothing could be read from it; undefined while it can. */
  #failingSinceMs: number | undefined;
  #failure = "";
  /** What was told of it: that what it holds is missing. */
  #told: string | undefined;
  /** Since when a piece has been asked for; undefined when none is. */
  #askedMs: number | undefined;
  #askAtMs = 0;

  constructor(stream: RecordStream, lane: number) {
    this.stream = stream;
    this.lane = lane;
  }

  /** Whether it is away, and that may still change. */
  get isAwaited(): boolean {
    return !this.#isPresent && !this.isLeftOut;
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

  /** Whether it has failed for so long that it is to be done without. */
  isOverdue(nowMs: number): boolean {
    return !this.isLeftOut && this.#failingSinceMs !== undefined &&
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
    // One that was not there from the first gets no time to return.
    this.#failingSinceMs ??= this.stream.position > 0 ? nowMs : -Infinity;
  }

  /**
   * It is away, and what it has, others have as well.
   *
   * @param isForGood Whether it is not asked again, should it return.
   */
  doWithout(isForGood: boolean): void {
    this.isLeftOut = true;
    if (isForGood) this.stream.giveUp();
  }

  /** Whoever followed is about to end: one that is back is read to its end. */
  lookAgain(): void {
    if (!this.isLeftOut) return;
    if (!this.#isPresent) {
      this.stream.giveUp();
      return;
    }
    this.isLeftOut = false;
    this.#failingSinceMs = undefined;
  }

  /** Notes that it was told to be missing. @returns The reason, to be told. */
  tellMissed(): string {
    this.isLeftOut = true;
    this.#told = `dataNode ${this.label} cannot be read: ${this.#failure}; ` +
      "messages that only it holds are missing";
    return this.#told;
  }

  /** It is missed no more. @returns What was told of it, if anything was. */
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
    this.isLeftOut = false;
    if (!isEmpty) return;
    this.#askAtMs = nowMs + (this.lane > 0 ? ASK_LANE_PAUSE_MS : ASK_PAUSE_MS);
  }

  /** Whoever followed is about to end: it is read to where it ends now. */
  stopFollowing(): void {
    this.stream.stopFollowing();
    this.#askAtMs = 0;
  }

  /** None came: it is away, or for the reason given. */
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
