/**
 * The tickets of one head: which of them wait for which commit, and in which
 * order they are answered.
 *
 * Tickets come in order and commits are done in order, so of each commit one
 * number is kept: the last ticket that belongs to it. One frame answers them
 * all. Between them stand those that are refused for what they are, whatever
 * the disk does.
 *
 * @module
 */

import { Fifo } from "../base/fifo.ts";
import type { Link } from "../base/ports.ts";
import { PerCommit } from "../store/per_commit.ts";
import { WireError, type WireErrorKind } from "../wire/errors.ts";
import { writeNotStored, writeStored } from "../wire/store_frames.ts";

/** How far the journal is. */
export interface Commits {
  /** The last commit that is on disk, or has failed. */
  readonly doneCommit: number;
  /** The last commit that has failed. */
  readonly failedCommit: number;
}

interface Refused {
  readonly ticket: number;
  readonly kind: WireErrorKind;
  readonly reason: string;
}

/** What waits for one commit. */
interface Waiting {
  lastTicket: number;
  /** Whether tickets are among these that it holds no messages of. */
  borrows: boolean;
}

/** Answers the tickets of one head. */
export class Tickets {
  readonly #commits: Commits;
  readonly #link: Link;
  readonly #waiting = new PerCommit<Waiting>(
    () => ({ lastTicket: 0, borrows: false }),
    (waiting) => {
      waiting.lastTicket = 0;
      waiting.borrows = false;
    },
  );
  /** The last commit that a ticket waits for, or has waited for. */
  #lastCommit = 0;
  /** The last ticket that was answered. */
  #answered = 0;
  /** Those that are refused when those in front of them are answered. */
  readonly #refused = new Fifo<Refused>();

  constructor(commits: Commits, link: Link) {
    this.#commits = commits;
    this.#link = link;
  }

  /** The messages of `ticket` are part of `commit`. */
  appended(ticket: number, commit: number): void {
    this.#waiting.at(commit).lastTicket = ticket;
    this.#lastCommit = commit;
  }

  /**
   * The messages of `ticket` are stored, or will be with the commit `known`.
   * It is answered in the order of tickets, so not before those in front of it.
   *
   * @returns The commit to wait for; undefined when it was answered.
   */
  known(
    ticket: number,
    known: number,
    tick: number,
    end: number,
  ): number | undefined {
    const commit = this.#answered === ticket - 1
      ? known
      : Math.max(known, this.#lastCommit);
    const { doneCommit } = this.#commits;
    if (commit <= doneCommit) {
      this.#answer(ticket, undefined, tick, end);
      return undefined;
    }
    this.appended(ticket, commit);
    // Of commits that are done, what has failed is not known any more.
    if (commit - 1 > doneCommit) this.#waiting.at(commit).borrows = true;
    return commit;
  }

  /** `ticket` is refused for what it is. */
  refused(
    ticket: number,
    kind: WireErrorKind,
    reason: string,
    tick: number,
    end: number,
  ): void {
    this.#refused.push({ ticket, kind, reason });
    this.#answer(this.#answered, undefined, tick, end);
  }

  /** A commit that tickets wait for is on disk, or has failed. */
  committed(
    commit: number,
    failure: string | undefined,
    tick: number,
    end: number,
  ): void {
    // What was taken for stored may have been of the commit before, and lost.
    const { lastTicket, borrows } = this.#waiting.at(commit);
    const isVoid = borrows && this.#commits.failedCommit === commit - 1;
    this.#waiting.done(commit);
    const reason = failure ?? (isVoid ? "the commit before failed" : undefined);
    this.#answer(lastTicket, reason, tick, end);
  }

  /**
   * Answers all tickets up to `last` alike, and on their own those that are
   * refused, also if they follow it.
   *
   * @param failure Why they are not stored; undefined if they are.
   */
  #answer(
    last: number,
    failure: string | undefined,
    tick: number,
    bytesEnd: number,
  ): void {
    const { out } = this.#link;
    for (;;) {
      const refused = this.#refused.at(0);
      const end = Math.min(last, (refused?.ticket ?? Infinity) - 1);
      const first = this.#answered + 1;
      if (end >= first) {
        if (failure === undefined) writeStored(out, end, tick, bytesEnd);
        else {
          const kind = WireError.notStored;
          writeNotStored(out, first, end, kind, failure);
        }
        this.#answered = end;
      }
      if (refused?.ticket !== this.#answered + 1) break;
      this.#refused.shift();
      const { ticket, kind, reason } = refused;
      writeNotStored(out, ticket, ticket, kind, reason);
      this.#answered = ticket;
    }
    this.#link.send();
  }
}
