/** Tickets of a head, beside a journal whose commits succeed and fail. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Tickets } from "../../lib/data/tickets.ts";
import { textOf } from "../../lib/base/ascii.ts";
import { WireError } from "../../lib/wire/errors.ts";
import {
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
} from "../../lib/wire/frame.ts";
import { readNotStored, readStored } from "../../lib/wire/store_frames.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

/** What is known of a ticket without looking at how it is answered. */
interface Ticket {
  /** The commit that its messages are part of; undefined: it is refused. */
  readonly home?: number;
  /** The commit to wait for; known messages may be said to be of a later one. */
  readonly told?: number;
  readonly isKnown?: boolean;
}

const REFUSED = "another message is stored under this id";

/** A journal and one head's tickets; keeps lists of what happened. */
class Bench {
  /** How each commit that is done came out; the one before the start was good. */
  readonly outcomes: boolean[] = [true];
  readonly tickets: Ticket[] = [];
  /** For each ticket that is answered: `stored`, or why it is not. */
  readonly answers: string[] = [];
  readonly #link = new ScriptedLink();
  readonly #tested: Tickets;
  /** Commits that the data node is to tell the tickets of. */
  readonly #awaited = new Set<number>();
  #isWriting = false;
  #failedCommit = -1;

  constructor() {
    const doneCommit = () => this.doneCommit;
    const failedCommit = () => this.#failedCommit;
    this.#tested = new Tickets({
      get doneCommit() {
        return doneCommit();
      },
      get failedCommit() {
        return failedCommit();
      },
    }, this.#link);
  }

  get doneCommit(): number {
    return this.outcomes.length - 1;
  }

  get gathering(): number {
    return this.doneCommit + (this.#isWriting ? 2 : 1);
  }

  append(): void {
    const home = this.gathering;
    this.tickets.push({ home, told: home });
    this.#tested.appended(this.tickets.length, home);
    this.#awaited.add(home);
    this.#check();
  }

  /**
   * Messages come that are known.
   *
   * @param back So many commits ago they came first.
   * @param later So many commits later their client's last messages came.
   */
  know(back: number, later: number): void {
    const home = Math.max(0, this.gathering - back);
    // What a failed commit has cost is not known.
    if (this.outcomes[home] === false) return;
    const told = Math.min(this.gathering, home + later);
    this.tickets.push({ home, told, isKnown: true });
    const commit = this.#tested.known(this.tickets.length, told, 1, 1);
    if (commit !== undefined) this.#awaited.add(commit);
    this.#check();
  }

  refuse(): void {
    this.tickets.push({});
    const number = this.tickets.length;
    this.#tested.refused(number, WireError.reused, REFUSED, 1, 1);
    this.#check();
  }

  write(): void {
    this.#isWriting = true;
  }

  /** The commit that is being written is done, and the next may follow. */
  finish(isGood: boolean): void {
    if (!this.#isWriting) return;
    this.#isWriting = false;
    this.outcomes.push(isGood);
    const commit = this.doneCommit;
    if (!isGood) this.#failedCommit = commit;
    if (this.#awaited.has(commit)) {
      this.#tested.committed(commit, isGood ? undefined : "EIO", 1, 1);
    }
    this.#check();
  }

  /** Reads what was said, and asks of it what must be true. */
  #check(): void {
    const from = this.answers.length;
    this.#read();
    const answered = this.tickets.slice(from, this.answers.length);
    // Each has its answer as soon as it, and all in front of it, can have one.
    const open = this.tickets.findIndex(({ told }) =>
      told !== undefined && told > this.doneCommit
    );
    const due = open < 0 ? this.tickets.length : open;
    assert.equal(this.answers.length, due, "answered in time");
    const hasKnown = answered.some(({ isKnown }) => isKnown);
    for (const [i, ticket] of answered.entries()) {
      const answer = this.answers[from + i]!;
      if (ticket.home === undefined) {
        assert.equal(answer, REFUSED);
        continue;
      }
      const isStored = this.outcomes[ticket.home] === true;
      if (answer === "stored") assert.ok(isStored, "stored is on disk");
      else if (isStored) {
        // Less than the truth is sent again, and harms nobody; but only what
        // is known shares the fate of what is in front of it, or behind.
        const hasFailed = ticket.isKnown === true &&
          this.outcomes[this.doneCommit] === false;
        const hadFailed = hasKnown &&
          this.outcomes[this.doneCommit - 1] === false;
        assert.ok(hasFailed || hadFailed, "not stored for a reason");
      }
    }
  }

  #read(): void {
    const bytes = this.#link.saidBytes();
    const frame = newFrameBounds();
    const stored = { ticket: 0, tick: 0, end: 0 };
    const not = { firstTicket: 0, lastTicket: 0, code: 0 };
    for (let at = 0; at < bytes.length; at = frame.end) {
      const status = readFrame(bytes, at, bytes.length, frame);
      assert.equal(status, FrameStatus.whole);
      const before = this.answers.length;
      if (frame.type === FrameType.stored) {
        assert.ok(readStored(bytes, frame, stored));
        assert.ok(stored.ticket > before, "no ticket twice");
        while (this.answers.length < stored.ticket) this.answers.push("stored");
      } else {
        assert.ok(readNotStored(bytes, frame, not));
        assert.equal(not.firstTicket, before + 1, "in order");
        const reason = textOf(bytes, frame.payload, frame.end);
        while (this.answers.length < not.lastTicket) this.answers.push(reason);
      }
      assert.ok(
        this.answers.length <= this.tickets.length,
        "tickets that came",
      );
    }
  }
}

Deno.test("tickets are answered once, in order, in time and truly", () => {
  const step = fc.oneof(
    fc.constant((bench: Bench) => bench.append()),
    fc.constant((bench: Bench) => bench.refuse()),
    fc.constant((bench: Bench) => bench.write()),
    fc.boolean().map((isGood) => (bench: Bench) => bench.finish(isGood)),
    fc.tuple(fc.nat(4), fc.nat(2)).map(([back, later]) => (bench: Bench) =>
      bench.know(back, later)
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new Bench();
      for (const take of steps) take(bench);
      // As a data node drains: all that is open is written.
      for (let i = 0; i < 2; i++) {
        bench.finish(true);
        bench.write();
      }
      bench.finish(true);
      assert.equal(bench.answers.length, bench.tickets.length);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("tickets without a failure are all stored", () => {
  const bench = new Bench();
  bench.append();
  bench.know(0, 0);
  bench.write();
  bench.know(1, 1);
  bench.append();
  bench.know(4, 0);
  assert.deepEqual(bench.answers, []);
  bench.finish(true);
  assert.deepEqual(bench.answers, ["stored", "stored"]);
  bench.write();
  bench.finish(true);
  assert.deepEqual(bench.answers, Array(5).fill("stored"));
  bench.know(1, 0);
  assert.equal(bench.answers.length, 6, "at once");
});
