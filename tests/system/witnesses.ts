/**
 * A follower, and one reading after another, beside a cluster that is being
 * broken: what they say of themselves, by their exit codes, is held against
 * what was acknowledged.
 */

import assert from "node:assert/strict";
import { startNode, type Target, until } from "../support/program.ts";
import type { Load } from "./load.ts";

/** What readings and a follower have seen. */
export interface Witnessed {
  /** Readings that ended with 0. */
  readonly wholeReads: number;
  /** Those that did not: each has said why. */
  readonly doubtfulReads: number;
  /** Messages that readings which ended with 0 did not have, though answered. */
  readonly falselyWhole: number;
  /** Messages that came more than once in one reading. */
  readonly readTwice: number;
  /** Acknowledged, and not seen by the follower, which ended with 0. */
  readonly followerLost: number;
  readonly followerDoubled: number;
}

/** They are at work until they are told to finish. */
export interface Witnesses {
  /** Waits until the follower has seen everything; everyone must be back. */
  finish(): Promise<Witnessed>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long the slowest reading may take, in ms: waits of its own are shorter. */
const READ_PATIENCE_MS = 120_000;

/** Starts a follower and readings. */
export function startWitnesses(
  target: Target,
  to: string,
  load: Load,
  logDirectory: string,
): Witnesses {
  const client = (name: string, ...flags: readonly string[]) =>
    startNode(target, [
      "--role=client",
      `--to=${to}`,
      "--read",
      `--log-dir=${logDirectory}/${name}`,
      ...flags,
    ]);
  const follower = client("follower", "--follow");
  let isOver = false;
  const reading = readAgainAndAgain();
  // What is wrong with it is told when it is waited for.
  reading.catch(() => {});

  async function readAgainAndAgain() {
    const sum = {
      wholeReads: 0,
      doubtfulReads: 0,
      falselyWhole: 0,
      readTwice: 0,
    };
    while (!isOver) {
      const before = load.acknowledgedCount;
      await using reader = client("reader");
      await reader.endInput();
      const code = await reader.exit(READ_PATIENCE_MS);
      const seen = new Set(reader.lines);
      sum.readTwice += reader.lines.length - seen.size;
      if (code === 0) {
        sum.wholeReads++;
        // Sets keep the order in which these were answered.
        let index = 0;
        for (const text of load.acknowledged) {
          if (index++ === before) break;
          if (!seen.has(text)) sum.falselyWhole++;
        }
      } else {
        sum.doubtfulReads++;
        assert.notEqual(reader.errorLines.length, 0, `${code} without a word`);
      }
    }
    return sum;
  }

  return {
    async finish() {
      isOver = true;
      const read = await reading;
      const isComplete = () => {
        if (follower.lines.length < load.acknowledged.size) return false;
        const seen = new Set(follower.lines);
        return load.acknowledged.isSubsetOf(seen);
      };
      await until(isComplete);
      const told = (words: RegExp) =>
        follower.errorLines.filter((line) => words.test(line)).length;
      // Those who were away are back, and it has read what they have.
      await until(() =>
        told(/cannot be read/) === told(/is missed no more/) &&
        told(/No connection/) === told(/Connected to /)
      );
      const code = await follower.stop();
      const said = follower.errorLines.join("\n");
      assert.equal(code, 0, `the follower ended with ${code}: ${said}`);
      const seen = new Set(follower.lines);
      return {
        ...read,
        followerLost: load.acknowledged.difference(seen).size,
        followerDoubled: follower.lines.length - seen.size,
      };
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await follower.kill();
      await reading.catch(() => {});
    },
  };
}
