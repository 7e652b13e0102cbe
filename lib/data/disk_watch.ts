/**
 * How a data node knows of its disk: by what the last write came to, and by a
 * look at the files every second, which others may have touched.
 *
 * @module
 */

import type { Clock } from "../base/ports.ts";
import type { Contents } from "../store/contents.ts";
import type { Disk } from "../store/disk.ts";

/** From one look at the files to the next, in ms. */
const LOOK_MS = 1_000;

/** How long after a failure it is tried whether the disk takes bytes, in ms. */
const PROBE_MS = 5_000;

/**
 * Time for which a directory may be gone until its records count as lost, in
 * ms: somebody may put it back, and nothing is stored meanwhile.
 */
const GONE_MS = 5_000;

/** Who it watches for. */
export interface DiskWatchHost {
  /** The journals whose files it looks at. */
  journals(): readonly { check(): string | undefined }[];
  /**
   * Nothing can be stored now; each reason is told once.
   *
   * @param wasAsked Whether something was to be stored, and is not.
   */
  failed(reason: string, wasAsked: boolean): void;
  /**
   * Why nothing can be stored has changed; an empty reason: all is well. Heads
   * are told, since they ask nobody who is idle.
   */
  unwell(reason: string): void;
  /** The directory is gone, and stays so. */
  gone(): void;
}

/** Knows whether the disk does its work, and says so when that changes. */
export class DiskWatch {
  readonly #disk: Disk;
  readonly #contents: Contents;
  readonly #clock: Clock;
  readonly #host: DiskWatchHost;
  #failing: string | undefined;
  /** Whether that was found by a look, and so ends with one. */
  #wasSeen = false;
  #lookedMs = 0;
  #probeMs = 0;
  #isProbing = false;
  /** Since when its directory has been gone; undefined while it is there. */
  #goneSinceMs: number | undefined;
  /** Whether that was told. */
  #isGone = false;

  constructor(
    disk: Disk,
    contents: Contents,
    clock: Clock,
    host: DiskWatchHost,
  ) {
    this.#disk = disk;
    this.#contents = contents;
    this.#clock = clock;
    this.#host = host;
  }

  /**
   * Why the last write failed; undefined when one has not failed since, or the
   * disk takes bytes again.
   */
  get failing(): string | undefined {
    return this.#failing;
  }

  /** It is not certain, since the start, that what is there is on disk. */
  doubt(reason: string | undefined): void {
    this.#failing = reason;
  }

  /** What was to be written is stored. */
  stored(): void {
    this.#wasSeen = false;
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#host.unwell("");
  }

  /** What was to be written is not stored. */
  failed(reason: string): void {
    this.#fail(reason, true);
  }

  #fail(reason: string, wasAsked: boolean): void {
    this.#probeMs = this.#clock.nowMs();
    this.#wasSeen = !wasAsked;
    if (this.#failing === reason) return;
    this.#failing = reason;
    this.#host.failed(reason, wasAsked);
    this.#host.unwell(reason);
  }

  /** Looks when it is time; to be called every `TICK_MS`. */
  tick(nowMs: number): void {
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const isAway = this.#isAway(nowMs);
    let isWell = true;
    for (const journal of this.#host.journals()) {
      const failure = journal.check();
      if (failure === undefined) continue;
      isWell = false;
      this.#fail(failure, false);
    }
    if (isAway) return;
    // What others had taken away is back, or a new file was begun.
    if (isWell && this.#wasSeen) this.stored();
    this.#probe(nowMs);
  }

  /** Whether the directory is gone, which is told after a while. */
  #isAway(nowMs: number): boolean {
    if (this.#disk.gone() === undefined) {
      this.#goneSinceMs = undefined;
      this.#isGone = false;
      return false;
    }
    this.#goneSinceMs ??= nowMs;
    if (!this.#isGone && nowMs - this.#goneSinceMs >= GONE_MS) {
      this.#isGone = true;
      this.#host.gone();
    }
    return true;
  }

  /** An idle node tries with a few bytes of its own whether it can store. */
  #probe(nowMs: number): void {
    if (this.#isProbing && this.#contents.isWritten) this.stored();
    this.#isProbing = this.#failing !== undefined &&
      nowMs - this.#probeMs >= PROBE_MS;
    if (!this.#isProbing) return;
    this.#probeMs = nowMs;
    this.#contents.probe();
  }
}
