/** What was measured, as a table of Markdown and a picture. */

import type { Measurement } from "./measure.ts";
import type { Row } from "./rows.ts";
import type { Target } from "./targets.ts";

/** All that was found of one peer at one kind of work. */
export interface Found {
  readonly target: Target;
  readonly rounds: readonly Measurement[];
  /** Messages for each sync, counted apart; undefined where none were seen. */
  readonly perSync: number | undefined;
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const rateOf = ({ rounds }: Found) =>
  median(rounds.map(({ perSecond }) => perSecond));

/** One row of the bench, as a table. */
export function tableOf(row: Row, found: readonly Found[]): string {
  const first = rateOf(found[0]!);
  const lines = found.map((one) => {
    const rate = rateOf(one);
    const latency = (which: "p50" | "p99") => {
      const all = one.rounds.flatMap((round) => round[which] ?? []);
      return all.length === 0 ? "–" : `${(median(all) / 1000).toFixed(2)} ms`;
    };
    const cells = [
      one.target.name,
      one.target.durability,
      Math.round(rate).toLocaleString("en"),
      `${(first / rate).toFixed(2)}×`,
      latency("p50"),
      latency("p99"),
      one.perSync === undefined ? "–" : one.perSync.toFixed(1),
      processorsOf(one),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `### ${row.name}`,
    "",
    "| peer | answered when | messages/s | the first is | p50 | p99 | messages a sync | processors |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ...lines,
    "",
  ].join("\n");
}

/** Shares of a processor; of like processes their number and the mean. */
function processorsOf({ rounds }: Found): string {
  const shares = new Map<string, number[]>();
  for (const name of rounds[0]!.processors.keys()) {
    const share = median(rounds.map(({ processors }) => processors.get(name)!));
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

const WIDTH = 760;
const BAR_HEIGHT = 18;
const LABEL_WIDTH = 190;
const colors = {
  "synced": "#2f6f9f",
  "not synced": "#c9a24b",
  "kept nowhere": "#8a8f98",
} as const;

/** All rows, as an SVG: bars of messages a second, one scale for each row. */
export function pictureOf(
  all: readonly { readonly row: Row; readonly found: readonly Found[] }[],
): string {
  const parts: string[] = [];
  let y = 30;
  for (const { row, found } of all) {
    parts.push(text(8, y, row.name, "bold"));
    y += 10;
    const most = Math.max(...found.map(rateOf));
    for (const one of found) {
      const rate = rateOf(one);
      const width = (WIDTH - LABEL_WIDTH - 110) * rate / most;
      parts.push(
        text(8, y + 13, one.target.name),
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${
          width.toFixed(1)
        }" height="${BAR_HEIGHT - 4}" fill="${
          colors[one.target.durability]
        }"/>`,
        text(
          LABEL_WIDTH + width + 6,
          y + 12,
          `${Math.round(rate).toLocaleString("en")}/s`,
        ),
      );
      y += BAR_HEIGHT;
    }
    y += 30;
  }
  const legend = Object.entries(colors).map(([name, color], i) =>
    `<rect x="${8 + i * 130}" y="${
      y - 10
    }" width="12" height="12" fill="${color}"/>${text(26 + i * 130, y, name)}`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${
    y + 16
  }" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>
${[...parts, ...legend].join("\n")}
</svg>
`;
}

function text(x: number, y: number, words: string, weight = "normal"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${
    x.toFixed(1)
  }" y="${y}" font-weight="${weight}">${escaped}</text>`;
}
