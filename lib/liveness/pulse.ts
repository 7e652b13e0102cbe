/**
 * The pulse of one connection: each end asks the other whether it is there, by
 * beats that are answered at once, and knows from the answers how long silence
 * is nothing unusual.
 *
 * Anything else that the peer answers is a sign of life too; what it says of
 * itself is not, since a cable may be cut in one direction. One exception: a
 * peer that cannot take more for now, and so does not read our beats either,
 * says just that in beats of its own.
 *
 * Time comes from an attentive clock, so that our own absence is not held
 * against the peer.
 *
 * @module
 */

import { SEND_BYTES_HIGH } from "../base/limits.ts";
import type { Link } from "../base/ports.ts";
import {
  type FrameBounds,
  FrameType,
  newBeatFields,
  readBeat,
  writeBeat,
} from "../wire/frame.ts";
import { Estimate, Lateness } from "./estimate.ts";

/** How a pulse is set up. */
export interface PulseOptions {
  /** From one beat to the next, in ms. */
  readonly intervalMs: number;
  /** Silence that is never too long, in ms. */
  readonly patienceMsMin: number;
}

/** Silence that is always too long, in ms, however slow the peer has been. */
const PATIENCE_MS_MAX = 10_000;

/** How often a peer is told that we do not read what it sends, in ms. */
const BUSY_INTERVAL_MS = 500;

/** Beats leave a clock in whole microseconds. */
const STAMPS_PER_MS = 1_000;

// Filled anew for each frame; one is enough, since frames are read in turn.
const beat = newBeatFields();

/** Asks the peer of one connection whether it is there, and answers it. */
export class Pulse {
  readonly #link: Link;
  readonly #options: PulseOptions;
  readonly #usual = new Estimate();
  readonly #lateness = new Lateness();
  #beatAtMs = -Infinity;
  #heardMs = -Infinity;
  /** Since when an answer has been owed; undefined when none is. */
  #owedSinceMs: number | undefined;
  #lastStamp = -1;
  #missed = 0;
  /**
   * Nothing is learned from the answers to beats up to this stamp: the peer was
   * busy or silent meanwhile, so the time they take is not its usual one.
   */
  #unmeasuredStamp = -1;

  constructor(link: Link, options: PulseOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** How long an answer usually takes, in ms. */
  get usualMs(): number {
    return this.#usual.meanMs;
  }

  /** When it last answered; when it was first asked, if it never did. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Beats that were not answered, since something was. */
  get missed(): number {
    return this.#missed;
  }

  /** Whether the last beat, and so all that was sent before it, was heard. */
  get isHeard(): boolean {
    return this.#owedSinceMs === undefined;
  }

  /** Silence that is not unusual, in ms. */
  get patienceMs(): number {
    const patienceMs = Math.max(
      this.#options.patienceMsMin,
      2 * this.#usual.boundMs,
    );
    return Math.min(patienceMs, PATIENCE_MS_MAX);
  }

  /** For how long an answer has been owed and nothing was answered, in ms. */
  silentMs(nowMs: number): number {
    return this.#owedSinceMs === undefined ? 0 : nowMs - this.#owedSinceMs;
  }

  /** Whether the peer has been silent for unusually long. */
  isSilent(nowMs: number): boolean {
    return this.silentMs(nowMs) > this.patienceMs;
  }

  /**
   * Asks the peer whether it is there.
   *
   * @param isBusy Whether we take no more for now, and so will not read its
   * beats.
   */
  beat(nowMs: number, isBusy: boolean): void {
    if (this.#heardMs === -Infinity) this.#heardMs = nowMs;
    this.#beatAtMs = nowMs;
    this.#owedSinceMs ??= nowMs;
    this.#missed++;
    beat.stamp = Math.round(nowMs * STAMPS_PER_MS);
    beat.isBusy = isBusy;
    this.#lastStamp = beat.stamp;
    // A connection that is clogged would only fill up further.
    if (this.#link.out.length >= SEND_BYTES_HIGH) return;
    writeBeat(this.#link.out, FrameType.beat, beat);
    this.#link.send();
  }

  /** Asks unless an answer is owed already, because of some doubt. */
  probe(nowMs: number): void {
    if (this.#owedSinceMs === undefined) this.beat(nowMs, false);
  }

  /** Asks when it is time; to be called every `TICK_MS`. */
  tick(nowMs: number, isBusy: boolean): void {
    const { intervalMs } = this.#options;
    const pauseMs = isBusy ? BUSY_INTERVAL_MS : intervalMs;
    if (nowMs - this.#beatAtMs >= Math.min(pauseMs, intervalMs)) {
      this.beat(nowMs, isBusy);
    }
  }

  /** The peer has answered something else that it was asked. */
  answered(nowMs: number): void {
    this.#heardMs = nowMs;
    if (this.#owedSinceMs === undefined) return;
    const wasSilent = this.isSilent(nowMs);
    this.#owedSinceMs = nowMs;
    this.#missed = 0;
    if (wasSilent) this.#returned(nowMs);
  }

  /**
   * Takes a `beat`, which is answered, or a `beatEcho`.
   *
   * @returns False when it breaks the protocol.
   */
  take(bytes: Uint8Array, frame: FrameBounds, nowMs: number): boolean {
    if (!readBeat(bytes, frame, beat)) return false;
    if (frame.type === FrameType.beat) {
      if (beat.isBusy) {
        this.answered(nowMs);
        this.#unmeasuredStamp = this.#lastStamp;
      }
      writeBeat(this.#link.out, FrameType.beatEcho, beat);
      this.#link.send();
      return true;
    }
    // Not a stamp of ours: it answers nothing.
    const { stamp } = beat;
    if (stamp > this.#lastStamp) return false;
    this.answered(nowMs);
    if (stamp > this.#unmeasuredStamp) {
      this.#usual.add(Math.max(0, nowMs - stamp / STAMPS_PER_MS));
      this.#lateness.inTime();
    }
    if (stamp === this.#lastStamp) this.#owedSinceMs = undefined;
    return true;
  }

  /** Unusually long silence has ended. */
  #returned(nowMs: number): void {
    // What was asked meanwhile has waited for this end; what is asked now tells
    // at once whether the peer is slow, or was only away.
    if (!this.#lateness.isTheRule()) this.#unmeasuredStamp = this.#lastStamp;
    this.beat(nowMs, false);
  }
}
