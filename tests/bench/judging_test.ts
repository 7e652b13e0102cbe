/** What the bench makes of its measurements. */

import assert from "node:assert/strict";
import { ceilingOf, costOf, type Found, rateOf, ratioOf } from "./found.ts";
import { goalsOf } from "./goals.ts";
import { Histogram } from "./load/histogram.ts";
import { pictureOf } from "./picture.ts";
import { goalsTableOf, tableOf } from "./report.ts";
import { type Row, rows } from "./rows.ts";

/** What rounds with these rates would have found. */
function foundOf(
  row: Row,
  index: number,
  rates: readonly number[],
  us: number | null = null,
): Found {
  return {
    entry: row.entries[index]!,
    rounds: rates.map((perSecond) => ({
      perSecond,
      p50: us,
      p99: us === null ? null : 6 * us,
      processors: new Map([["head", 0.5], ["data 1", 0.2], ["data 2", 0.3], [
        "generator",
        0.5,
      ]]),
    })),
    perSync: 12,
  };
}

/** A row whose entries were all found alike, but for some. */
function rowOf(
  row: Row,
  rate: number,
  us: number | null,
  but: Readonly<Record<number, number>> = {},
): Found[] {
  return row.entries.map((_, i) => foundOf(row, i, [but[i] ?? rate], us));
}

const judged = (findings: ReturnType<typeof goalsOf>) =>
  Object.fromEntries(
    findings.map((one) => [`${one.work}: ${one.goal}`, one.isReached]),
  );

Deno.test("bench: rates are medians, and ratios those of each round", () => {
  const one = foundOf(rows.closed, 0, [10, 40, 100]);
  const other = foundOf(rows.closed, 1, [10, 20, 20]);
  assert.equal(rateOf(one), 40);
  assert.equal(ratioOf(one, other), 2);
});

Deno.test("bench: a message costs what all but the generator used for it", () => {
  const one = foundOf(rows.closed, 0, [1_000]);
  assert.ok(Math.abs(costOf(one) - 1_000) < 1e-6, `${costOf(one)}`);
  assert.equal(ceilingOf(one), 2_000);
});

Deno.test("bench: goals are reached or not by what was found", () => {
  // The second of the row is its replicas, the third the disk, then peers.
  const reached = judged(goalsOf({
    pipelined: rowOf(rows.pipelined, 1_200_000, null, { 3: 800_000 }),
  }));
  assert.equal(
    reached["10 connections, 1,000 in flight each: 1,000,000/s"],
    true,
  );
  assert.equal(reached["the same, replicas 2: 600,000/s"], true);
  assert.equal(
    reached["10 × 1000 of 17 bytes: 1.5 × Redis Streams, always"],
    true,
  );
  assert.equal(
    reached["10 × 1000 of 17 bytes: 1.5 × beanstalkd -f0"],
    false,
  );
  const closed = judged(goalsOf({ closed: rowOf(rows.closed, 49_999, 100) }));
  assert.equal(closed["100 clients, one in flight each: 50,000/s"], false);
  assert.equal(
    closed["100 clients, one in flight each: p99 below 5 × the median"],
    false,
  );
  const small = rowOf(rows.kibibyte, 60, null, { 1: 100, 2: 90 });
  assert.deepEqual(
    goalsOf({ kibibyte: small })[0]!.here,
    "67 % of bare Deno.listen",
  );
});

Deno.test("bench: tables and the picture have a line for each entry", () => {
  const found = rowOf(rows.closed, 1_234_567, 100);
  const table = tableOf(rows.closed.name, found);
  const lines = table.split("\n").filter((line) => line.startsWith("| "));
  assert.equal(lines.length, found.length + 2);
  assert.match(table, /1,234,567 \| 1\.00× \| 0\.10 ms \| 0\.60 ms \| 12\.0/);
  assert.match(table, /head 0\.50, data 2 × 0\.25, generator 0\.50/);
  const picture = pictureOf([{ name: rows.closed.name, found }]);
  assert.match(picture, /^<svg .*<\/svg>\n$/s);
  // A bound of the machine is no bar of its own beside brokers.
  assert.equal(picture.match(/1,234,567\/s/g)?.length, found.length - 1);
  const goals = goalsTableOf(goalsOf({ closed: found }));
  assert.match(goals, /\| 50,000\/s \| 1,234,567\/s \| yes \|/);
});

Deno.test("bench: quantiles of a histogram are right to two percent", () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.5), 0);
  for (let us = 1; us <= 1_000; us++) histogram.add(us);
  for (const share of [0.1, 0.5, 0.99]) {
    const ratio = histogram.quantile(share) / (share * 1_000);
    assert.ok(ratio > 0.97 && ratio < 1.03, `${share}: ${ratio}`);
  }
});
