/**
 * The real {@linkcode Turn}: jobs run in a microtask, which comes when all
 * events that the event loop delivered together have been handled. (Measured:
 * with a hundred busy connections, a turn takes in a hundred reads.)
 *
 * @module
 */

import type { Turn } from "../base/ports.ts";

/** A new turn keeper; one serves a whole process. */
export function newTurn(): Turn {
  let before: (() => void)[] = [];
  let sending: (() => void)[] = [];
  let spareBefore: (() => void)[] = [];
  let spareSending: (() => void)[] = [];
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(end);
  }

  function end(): void {
    // What the jobs themselves put off runs in a turn of its own.
    isScheduled = false;
    [before, spareBefore] = [spareBefore, before];
    [sending, spareSending] = [spareSending, sending];
    for (const job of spareBefore) job();
    spareBefore.length = 0;
    for (const job of spareSending) job();
    spareSending.length = 0;
  }

  return {
    beforeSending(job) {
      before.push(job);
      schedule();
    },
    sending(job) {
      sending.push(job);
      schedule();
    },
  };
}
