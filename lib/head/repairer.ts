/**
 * The repairer: makes copies again that were lost with a data node that stays
 * away, or with damaged records, one pass after another, in the background.
 *
 * Heads share nothing, so each repairs what it knows of. They begin at
 * different moments, and find in place what another has restored.
 *
 * @module
 */

import { TICK_MS } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import type { HeadEvents } from "./events.ts";
import type { Membership } from "./membership.ts";
import { RepairPass, type RepairProgress } from "./repair_pass.ts";
import type { Roster } from "./roster.ts";

/** How repair is set up. */
export interface RepairOptions {
  /** Copies that each record should have; with 1 there is nothing to repair. */
  readonly replicas: number;
  /** Copies that sufficed while too few data nodes were there. */
  readonly minReplicas: number;
  /** Time away after which a data node is taken for lost, in ms. */
  readonly repairAfterMs: number;
  /** Bytes read in a second. */
  readonly repairBytesPerSecond: number;
}

/** Pause before a pass that could not be finished is begun again, in ms. */
const RETRY_MS = 10_000;

/** The same at least for heads that repair the same, as a share of it. */
const JITTER_SHARE = 0.5;

/** How often progress is told, in ms. */
const TELL_MS = 10_000;

/** See the module. */
export class Repairer {
  readonly #options: RepairOptions;
  readonly #membership: Membership;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: HeadEvents;
  /** Stretches waiting times, so that heads do not begin together. */
  readonly #stretch: number;
  #isAsked = false;
  #notBeforeMs = 0;
  #tellAtMs = 0;
  #beganMs = 0;
  #pass: RepairPass | undefined;
  /** Data nodes that were away when the pass began. */
  #away: readonly string[] = [];
  /** Those away since then whose records were copied as far as was possible. */
  readonly #dealtWith = new Set<string>();
  /** Whether records may be lacking that only these have. */
  #isOwed = false;
  /** Damages that were met when all copies of what they held were there. */
  readonly #harmless = new Set<string>();

  constructor(
    options: RepairOptions,
    membership: Membership,
    roster: Roster,
    clock: Clock,
    random: Random,
    events: HeadEvents,
  ) {
    this.#options = options;
    this.#membership = membership;
    this.#roster = roster;
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
    this.#stretch = 1 + JITTER_SHARE * random();
  }

  /** What the pass under way has done; undefined while there is none. */
  get progress(): RepairProgress | undefined {
    return this.#pass?.progress;
  }

  /** Asks for a pass: records may have too few copies. */
  ask(): void {
    this.#isAsked = true;
  }

  /** Goes on; to be called every `TICK_MS`. */
  tick(): void {
    const { replicas, repairAfterMs, repairBytesPerSecond } = this.#options;
    if (replicas < 2 || repairAfterMs === Infinity) return;
    const nowMs = this.#clock.nowMs();
    const pass = this.#pass;
    if (pass === undefined) {
      if (nowMs >= this.#notBeforeMs && this.#isDue(nowMs)) this.#begin(nowMs);
      return;
    }
    pass.go(repairBytesPerSecond * TICK_MS / 1000);
    if (pass.failure !== undefined) {
      this.#end(nowMs);
      this.#isAsked = true;
      this.#events.repairGivenUp(pass.failure, RETRY_MS);
    } else if (pass.isDone) {
      this.#end(nowMs);
      this.#finish(pass, nowMs);
    } else if (nowMs >= this.#tellAtMs) {
      this.#tellAtMs = nowMs + TELL_MS;
      this.#events.repairing(pass.progress, nowMs - this.#beganMs);
    }
  }

  #isDue(nowMs: number): boolean {
    const away = this.#roster.away(nowMs);
    for (const id of this.#dealtWith) {
      if (away.some((node) => node.id === id)) continue;
      this.#dealtWith.delete(id);
      // It may have what could not be found without it.
      if (this.#isOwed) this.#isAsked = true;
    }
    const afterMs = this.#options.repairAfterMs * this.#stretch;
    // Whoever left a moment ago may be back in another, with all it has.
    return this.#readable().length > 1 &&
      away.every(({ awayMs }) => awayMs >= afterMs) &&
      (this.#isAsked || away.some(({ id }) => !this.#dealtWith.has(id)));
  }

  #begin(nowMs: number): void {
    this.#isAsked = false;
    this.#beganMs = nowMs;
    this.#tellAtMs = nowMs + TELL_MS;
    this.#away = this.#roster.away(nowMs).map(({ id }) => id);
    this.#pass = new RepairPass(
      this.#readable(),
      this.#options.replicas,
      {
        random: this.#random,
        targets: () =>
          this.#readable().filter(({ suspectSinceMs, draining, left }) =>
            suspectSinceMs === undefined && !draining && !left
          ),
      },
    );
    this.#events.repairBegan(this.#away.length);
  }

  #end(nowMs: number): void {
    this.#pass = undefined;
    this.#notBeforeMs = nowMs + RETRY_MS * this.#stretch;
  }

  /**
   * Everything was read. If fewer data nodes were away than each record has
   * copies, one copy of each was met, so nothing is only where they are.
   */
  #finish(pass: RepairPass, nowMs: number): void {
    const { replicas, minReplicas } = this.#options;
    const { damages, progress: { unplaced } } = pass;
    if (this.#away.length === 0 && unplaced === 0) {
      for (const damage of damages) this.#harmless.add(damage);
    }
    const isWhole = unplaced === 0 && minReplicas === replicas &&
      this.#away.length < replicas && damages.isSubsetOf(this.#harmless);
    for (const id of this.#away) {
      this.#dealtWith.add(id);
      if (isWhole) this.#roster.repaired(id);
    }
    if (unplaced > 0) this.#isAsked = true;
    this.#isOwed = !isWhole;
    this.#events.repaired(pass.progress, nowMs - this.#beganMs, isWhole);
  }

  #readable() {
    return this.#membership.members.filter(({ isReadable }) => isReadable);
  }
}
