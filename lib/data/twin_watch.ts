/**
 * What a data node does about another process that runs with a copy of its
 * directory.
 *
 * A head takes in one of them and refuses the other, and with several heads
 * each may have its own, so that both would stay, with half of the messages
 * each. Both are told by the heads that refuse them which life the other is, so
 * both know which is greater: that one ends. The other waits twice as long, and
 * ends if nothing has changed, because the greater one calls other heads and
 * does not know of it.
 *
 * One that was started again after a power cut meets its own former life, until
 * the head has noticed that this is silent: seconds.
 *
 * @module
 */

/** For how long another may have this one's id before it is taken for a copy, in ms. */
export const TWIN_MS_MAX = 15_000;

interface Meeting {
  readonly otherLife: string | undefined;
  readonly sinceMs: number;
}

/**
 * Knows whether a process with a copy of this directory runs, and which of the
 * two has to end.
 */
export class TwinWatch {
  readonly #life: string;
  /** By the address of the head that refuses this one. */
  readonly #meetings = new Map<string, Meeting>();
  #hasJoined = false;

  /** @param life Which start of its process this one is. */
  constructor(life: string) {
    this.#life = life;
  }

  /** A head has taken this one in. */
  joined(address: string): void {
    this.#hasJoined = true;
    this.#meetings.delete(address);
  }

  /**
   * A head has refused this one, because another is there.
   *
   * @param otherLife Which one, if the head says it.
   * @returns Whether this one has to end.
   */
  met(
    address: string,
    otherLife: string | undefined,
    nowMs: number,
  ): boolean {
    const before = this.#meetings.get(address);
    if (before === undefined || before.otherLife !== otherLife) {
      this.#meetings.set(address, { otherLife, sinceMs: nowMs });
      return false;
    }
    const metMs = nowMs - before.sinceMs;
    if (!this.#hasJoined) return metMs >= TWIN_MS_MAX;
    if (otherLife === undefined) return false;
    return metMs >= (this.#life > otherLife ? TWIN_MS_MAX : 2 * TWIN_MS_MAX);
  }
}
