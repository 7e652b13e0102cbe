/** What was measured, as a picture: bars of messages a second, in SVG. */

import { type Found, rateOf } from "./found.ts";
import { whole } from "./report.ts";

/** A row of the bench and what was found. */
export interface MeasuredRow {
  readonly name: string;
  readonly found: readonly Found[];
}

const WIDTH = 760;
const BAR_HEIGHT = 18;
const LABEL_WIDTH = 190;
/** Room behind the longest bar for its number. */
const NUMBER_WIDTH = 110;

const colors = {
  "synced": "#2f6f9f",
  "not synced": "#c9a24b",
  "kept nowhere": "#8a8f98",
} as const;

/** All rows, each with a scale of its own. */
export function pictureOf(rows: readonly MeasuredRow[]): string {
  const parts: string[] = [];
  let y = 30;
  for (const { name, found } of rows) {
    parts.push(text(8, y, name, "bold"));
    y += 10;
    const shown = withoutBounds(found);
    const most = Math.max(...shown.map(rateOf));
    for (const one of shown) {
      const rate = rateOf(one);
      const width = (WIDTH - LABEL_WIDTH - NUMBER_WIDTH) * rate / most;
      const { name, durability } = one.entry.target;
      parts.push(
        text(8, y + 12, name),
        rect(LABEL_WIDTH, y, width, BAR_HEIGHT - 4, colors[durability]),
        text(LABEL_WIDTH + width + 6, y + 12, `${whole(rate)}/s`),
      );
      y += BAR_HEIGHT;
    }
    y += 30;
  }
  for (const [i, [name, color]] of Object.entries(colors).entries()) {
    parts.push(rect(8 + i * 130, y - 10, 12, 12, color));
    parts.push(text(26 + i * 130, y, name));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${
    y + 16
  }" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

/** Bounds of the machine would make everything else look alike. */
function withoutBounds(found: readonly Found[]): readonly Found[] {
  const brokers = found.filter(({ entry: { target } }) =>
    target.durability !== "kept nowhere" && target.protocol !== "disk"
  );
  return brokers.length === 0 ? found : brokers;
}

function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  color: string,
): string {
  return `<rect x="${x}" y="${y}" width="${
    width.toFixed(1)
  }" height="${height}" fill="${color}"/>`;
}

function text(x: number, y: number, words: string, weight = "normal"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${
    x.toFixed(1)
  }" y="${y}" font-weight="${weight}">${escaped}</text>`;
}
