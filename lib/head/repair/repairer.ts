/**
 * The repairer: makes copies again that were lost with a data node that stays
 * away, or with damaged records, one pass after another, in the background.
 *
 * Heads share nothing, so each repairs what it knows of. They begin at
 * different moments, and find in place what another has restored.
 *
 * @module
 */

import { counted } from "../../base/counted.ts";
import { TICK_MS } from "../../base/limits.ts";
import type { Clock, Random } from "../../base/ports.ts";
import type { HeadEvents } from "../events.ts";
import type { Member } from "../members/member.ts";
import type { Membership } from "../members/membership.ts";
import { RepairPass, type RepairProgress } from "./repair_pass.ts";
import type { Absence, Roster } from "../members/roster.ts";

/** How repair is set up. */
export interface RepairOptions {
  /** Copies that each record should have; with 1 there is nothing to repair. */
  readonly replicas: number;
  /** Time away after which a data node is taken for lost, in ms. */
  readonly repairAfterMs: number;
  /** Bytes read in a second. */
  readonly repairBytesPerSecond: number;
  /** What records that are not judged yet may count for; see the pass. */
  readonly unjudgedBytesMax?: number | undefined;
}

/** Pause before a pass that could not be finished is begun again, in ms. */
const RETRY_MS = 10_000;

/**
 * By how much of itself a waiting time is stretched at most, by chance: heads
 * that repair the same data nodes then begin at different moments.
 */
const JITTER_SHARE = 0.5;

/** How often progress is told, in ms. */
const TELL_MS = 10_000;

/** Decides when a pass of repair is due, runs it, and says what it showed. */
export class Repairer {
  readonly #options: RepairOptions;
  readonly #membership: Membership;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: HeadEvents;
  /** Stretches waiting times, so that heads do not begin together. */
  readonly #stretch: number;
  #isAsked: boolean;
  #notBeforeMs = 0;
  /** When a pass may begin for copies that were never made. */
  #shortNotBeforeMs = 0;
  /** {@linkcode Roster.lowerings} as it was when the pass began. */
  #lowerings = 0;
  #tellAtMs = 0;
  #beganMs = 0;
  #pass: RepairPass | undefined;
  /** Data nodes that were away when the pass began. */
  #away: readonly Absence[] = [];
  /** By id, for whose absence a pass has done what could be done, and when. */
  readonly #passedFor = new Map<string, { key: string; atMs: number }>();
  /** Those that could not be read, which passes do without until then. */
  readonly #avoided = new Map<Member, number>();
  /** Whether some records may be on these data nodes alone. */
  #mayLack = false;
  /** Damages of which it was seen that what they held is elsewhere. */
  readonly #damagesWithoutLoss = new Set<string>();

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
    // What earlier lives, or other heads, have made fewer copies of.
    this.#isAsked = roster.lacks(options.replicas);
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
      const { reason, culprit } = pass.failure;
      this.#end(nowMs);
      this.#isAsked = true;
      if (culprit !== undefined) {
        const { repairAfterMs } = this.#options;
        this.#avoided.set(culprit, nowMs + repairAfterMs * this.#stretch);
      }
      this.#events.repairGivenUp(reason, RETRY_MS);
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
    for (const id of this.#passedFor.keys()) {
      if (!this.#roster.isHere(id)) continue;
      this.#passedFor.delete(id);
      // It may have what could not be found without it.
      if (this.#mayLack) this.#isAsked = true;
    }
    const afterMs = this.#options.repairAfterMs * this.#stretch;
    // Whoever left a moment ago may be back in another, with all it has.
    return this.#readable().length > 1 &&
      away.every(({ awayMs }) => awayMs >= afterMs) &&
      (this.#isAsked || this.#isShort(nowMs) ||
        away.some((absence) => this.#isDueFor(absence, nowMs - afterMs)));
  }

  /**
   * Whether a pass is to be made for one that is away: none was, or it is away
   * anew. That can be again and again, as when it calls another head only,
   * which corrects what this one has concluded.
   */
  #isDueFor({ id, key }: Absence, passedBeforeMs: number): boolean {
    const passed = this.#passedFor.get(id);
    return passed === undefined ||
      passed.key !== key && passed.atMs <= passedBeforeMs;
  }

  /**
   * Whether members have records with fewer copies than could be made: these
   * were acknowledged while there were too few members, or with an original.
   */
  #isShort(nowMs: number): boolean {
    const { replicas } = this.#options;
    if (this.#targets().length < replicas) {
      // As soon as there are enough again, it is time.
      this.#shortNotBeforeMs = 0;
      return false;
    }
    return nowMs >= this.#shortNotBeforeMs && this.#roster.isShort(replicas);
  }

  #begin(nowMs: number): void {
    this.#isAsked = false;
    this.#beganMs = nowMs;
    this.#tellAtMs = nowMs + TELL_MS;
    this.#away = this.#roster.away(nowMs);
    this.#lowerings = this.#roster.lowerings;
    const { replicas, unjudgedBytesMax } = this.#options;
    this.#pass = new RepairPass(
      this.#readable(),
      { replicas, unjudgedBytesMax },
      {
        random: this.#random,
        keeps: (member) => this.#roster.keeps(member),
        lacks: (id, reason) => this.#events.repairLacks(id, reason),
        refuses: (member, reason) => this.#events.repairRefused(member, reason),
        targets: () => this.#targets(),
      },
    );
    this.#events.repairBegan(this.#away.length);
  }

  #end(nowMs: number): void {
    this.#pass = undefined;
    this.#notBeforeMs = nowMs + RETRY_MS * this.#stretch;
    this.#shortNotBeforeMs = nowMs +
      this.#options.repairAfterMs * this.#stretch;
  }

  /** Everything was read: what that shows, the roster knows. */
  #finish(pass: RepairPass, nowMs: number): void {
    const { replicas } = this.#options;
    const { damages, members, progress } = pass;
    const damaged = new Set<string>();
    for (const [damage, id] of damages) {
      if (!this.#damagesWithoutLoss.has(damage)) damaged.add(id);
    }
    const isComplete = progress.unplaced === 0;
    const isWhole = isComplete && this.#roster.passed({
      members,
      away: this.#away.map(({ key }) => key),
      replicas,
      damaged,
      lowerings: this.#lowerings,
    });
    if (isWhole) {
      for (const damage of damages.keys()) this.#damagesWithoutLoss.add(damage);
    }
    for (const { id, key } of this.#away) {
      this.#passedFor.set(id, { key, atMs: nowMs });
    }
    const unread = this.#roster.unread(members);
    const areNew = unread.some(({ id }) => !this.#isAvoided(id));
    if (!isComplete || !isWhole && areNew) this.#isAsked = true;
    this.#mayLack = !isWhole;
    this.#events.repaired(
      progress,
      nowMs - this.#beganMs,
      isWhole ? this.#roster.doubts()[0] : this.#doubt(progress, unread, nowMs),
    );
  }

  /** Why something may be missing after all was read. */
  #doubt(
    { unplaced }: RepairProgress,
    unread: readonly Member[],
    nowMs: number,
  ): string {
    if (unplaced > 0) {
      return `${counted(unplaced, "record")} still with too few copies`;
    }
    const away = this.#roster.away(nowMs).map(({ id }) => id);
    const lacking = this.#roster.lacking();
    const about = [
      ...away.map((id) => `${id} is away`),
      ...lacking.map((id) => `${id} lacks records`),
      ...unread.map(({ id }) =>
        this.#isAvoided(id)
          ? `${id} cannot be read`
          : `${id} came meanwhile and is to be read`
      ),
    ];
    return `messages may be missing that had too few copies elsewhere ` +
      `(dataNode ${about.join(", dataNode ")})`;
  }

  #isAvoided(id: string): boolean {
    return [...this.#avoided.keys()].some((member) => member.id === id);
  }

  /** Those that can be read, as far as is known. */
  #readable(): Member[] {
    const nowMs = this.#clock.nowMs();
    for (const [member, untilMs] of this.#avoided) {
      if (member.left || nowMs >= untilMs) this.#avoided.delete(member);
    }
    return this.#membership.members.filter((member) =>
      member.isReadable && !this.#avoided.has(member)
    );
  }

  /** Those that copies can be made on. */
  #targets(): Member[] {
    const nowMs = this.#clock.nowMs();
    return this.#readable().filter((member) =>
      member.suspectSinceMs === undefined && !member.rests(nowMs) &&
      !member.draining && !member.left
    );
  }
}
