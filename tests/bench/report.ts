/** What was measured, as tables of Markdown. */

import {
  ceilingOf,
  costOf,
  type Found,
  latencyOf,
  median,
  rateOf,
  ratioOf,
} from "./found.ts";
import type { Finding } from "./goals.ts";

const columns = [
  ["peer", "---"],
  ["answered when", "---"],
  ["messages/s", "---:"],
  ["the first is", "---:"],
  ["p50", "---:"],
  ["p99", "---:"],
  ["messages a sync", "---:"],
  ["µs a message", "---:"],
  ["generator alone", "---:"],
  ["processors", "---"],
] as const;

/** One row of the bench. */
export function tableOf(name: string, found: readonly Found[]): string {
  return [
    `### ${name}`,
    "",
    line(columns.map(([title]) => title)),
    line(columns.map(([, rule]) => rule)),
    ...found.map((one) => line(cellsOf(one, found[0]!))),
    "",
  ].join("\n");
}

/** The goals, and how far each is reached. */
export function goalsTableOf(findings: readonly Finding[]): string {
  return [
    "### Goals",
    "",
    line(["work", "goal", "here", "reached"]),
    line(["---", "---", "---", "---"]),
    ...findings.map(({ work, goal, here, isReached }) =>
      line([work, goal, here, isReached ? "yes" : "**no**"])
    ),
    "",
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cellsOf(one: Found, first: Found): string[] {
  const { target } = one.entry;
  const milliseconds = (which: "p50" | "p99") => {
    const us = latencyOf(one, which);
    return us === undefined ? "–" : `${(us / 1000).toFixed(2)} ms`;
  };
  return [
    target.name,
    target.durability,
    whole(rateOf(one)),
    `${ratioOf(first, one).toFixed(2)}×`,
    milliseconds("p50"),
    milliseconds("p99"),
    one.perSync === undefined ? "–" : one.perSync.toFixed(1),
    target.protocol === "disk" ? "–" : costOf(one).toFixed(2),
    target.protocol === "disk" ? "–" : whole(ceilingOf(one)),
    processorsOf(one),
  ];
}

/** `1,234,567`. */
export function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

/** Shares of a processor; of like processes their number and the mean. */
function processorsOf({ rounds }: Found): string {
  const shares = new Map<string, number[]>();
  for (const name of rounds[0]!.processors.keys()) {
    const share = median(rounds.map(({ processors }) => processors.get(name)!));
    if (share < 0.005) continue;
    const kind = name.replace(/ \d+$/, "");
    shares.set(kind, [...shares.get(kind) ?? [], share]);
  }
  return [...shares].map(([kind, all]) => {
    const mean = all.reduce((sum, share) => sum + share, 0) / all.length;
    return `${kind} ${all.length > 1 ? `${all.length} × ` : ""}${
      mean.toFixed(2)
    }`;
  }).join(", ");
}
