/**
 * What every role has in common once it runs.
 *
 * @module
 */

import {
  DRAIN_MS_MAX,
  HOST_UNKNOWN_MS_MAX,
  TICK_MS,
} from "../lib/base/limits.ts";
import type { EventLog, Log } from "../lib/system/log.ts";
import { UNKNOWN_HOST } from "../lib/system/dial.ts";
import type { ListenEvents } from "../lib/system/listen.ts";
import type { Clock, Random, Turn } from "../lib/base/ports.ts";

/** What a role works with. */
export interface RoleContext {
  readonly clock: Clock;
  /** For placement and jitter. */
  readonly random: Random;
  /** For names that must not repeat. */
  readonly strongRandom: Random;
  readonly turn: Turn;
  readonly log: Log;
}

/** A role that runs. */
export interface Running {
  /**
   * Resolves when the role has ended: with nothing when its work is done, or
   * with the line that says what could not be done.
   */
  readonly done: Promise<string | undefined>;
  /** Takes nothing new, finishes what is in flight, then ends. */
  drain(): void;
}

/** How a role ends: what is to be cleaned up, and what has come of its work. */
export interface Ending {
  /** See {@linkcode Running.done}. */
  readonly done: Promise<string | undefined>;
  /** Has `cleanUp` run when the role ends, behind those that were given before. */
  onEnd(cleanUp: () => void): void;
  /** Ends the role; later calls change nothing. */
  end(failure?: string): void;
}

/** The ending of a role that begins. */
export function newEnding(): Ending {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const cleanUps: (() => void)[] = [];
  let isOver = false;
  return {
    done: promise,
    onEnd: (cleanUp) => void cleanUps.push(cleanUp),
    end(failure) {
      if (isOver) return;
      isOver = true;
      for (const cleanUp of cleanUps) cleanUp();
      resolve(failure);
    },
  };
}

/**
 * Tells when there is no hope to find any of the peers to call: none of their
 * names is known, `HOST_UNKNOWN_MS_MAX` after the start.
 *
 * @returns To be told why a call failed: whether that was the last hope.
 */
export function newHopelessness(
  clock: Clock,
  addresses: readonly string[],
): (address: string, reason: string) => boolean {
  const deadlineMs = clock.nowMs() + HOST_UNKNOWN_MS_MAX;
  const unknown = new Set<string>();
  return (address, reason) => {
    if (reason === UNKNOWN_HOST) unknown.add(address);
    else unknown.delete(address);
    return unknown.size === new Set(addresses).size &&
      clock.nowMs() > deadlineMs;
  };
}

/**
 * What is done after a call that failed, in words.
 *
 * @param hasConnected Whether there was a connection before.
 */
export function whatNext(reason: string, hasConnected: boolean): string {
  return reason === UNKNOWN_HOST && !hasConnected
    ? `calling again, but not for more than ${HOST_UNKNOWN_MS_MAX / 1000} s ` +
      "while no host is known"
    : "calling again until there is one";
}

/** Logs that a listener can take no more connections, and that it can again. */
export function tellAccepting(events: EventLog): ListenEvents {
  return {
    refusing: (reason) =>
      events.error(
        `Cannot accept connections: ${reason}; who calls now waits until ` +
          "others leave",
      ),
    accepting: () => events.info("Accepting connections again"),
  };
}

/** Calls `tick` every `TICK_MS`. @returns Ends it. */
export function every(tick: () => void): () => void {
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
}

/** What a drain waits for and does. */
export interface DrainSteps {
  /** Whether all that was taken is finished. */
  isIdle(): boolean;
  /** Closes the connections, once that is so. */
  close(): void;
  /** Whether all of them are closed. */
  isClosed(): boolean;
}

/**
 * A drain: finishes, then closes, and waits `DRAIN_MS_MAX` for both.
 *
 * @returns To be called on every tick: whether the drain is over, because all
 * is done or because it has taken too long.
 */
export function newDrain(clock: Clock, steps: DrainSteps): () => boolean {
  const deadlineMs = clock.nowMs() + DRAIN_MS_MAX;
  let isClosing = false;
  return () => {
    if (!isClosing && steps.isIdle()) {
      isClosing = true;
      steps.close();
    }
    return isClosing && steps.isClosed() || clock.nowMs() > deadlineMs;
  };
}
