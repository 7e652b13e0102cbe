/**
 * `deno task architecture`: draws docs/architecture.svg, the storeys of lib and
 * who imports whom, from the sources. The test tests/unit/architecture_doc_test.ts
 * fails when the sources give another picture.
 *
 * A box stands above all that it imports from, and the cores stand side by
 * side. Numbers of files and lines would change with every commit, so there are
 * none.
 *
 * @module
 */

import {
  importsOf,
  outside,
  sources,
  storeyOf,
} from "../tests/support/source_tree.ts";

const PICTURE = new URL("../docs/architecture.svg", import.meta.url);

const WIDTH = 720;
const MARGIN = 8;
const GAP = 10;
const BOX_HEIGHT = 54;
const ROW_HEIGHT = 94;
/** More of it beneath the cores, where arrows cross. */
const CROSSING_HEIGHT = 34;
const LEGEND_HEIGHT = 44;

/** What a folder is, in a few words. */
const purposes: Readonly<Record<string, string>> = {
  "mod.ts": "the library's front, and the program",
  roles: "one file a role: wires sockets, timers, disk and signals to a core",
  cli: "flags, environment, help, completion",
  library: "client and reader for a program: promises",
  system: "files, sockets",
  head: "places messages",
  data: "stores messages",
  client: "sends messages",
  reader: "reads back",
  server: "answers alone",
  store: "records, segments, journal",
  liveness: "beats: who is still there",
  calling: "calls a peer, and again",
  wire: "every byte that goes over a connection",
  base: "ports, limits, queues, names: what everybody needs",
};

/**
 * The cores from left to right, so that what a box above imports is beneath it.
 */
const columns = ["head", "system", "reader", "client", "data", "server"];

interface Box {
  readonly name: string;
  /** 0 is at the bottom. */
  readonly level: number;
  readonly imports: Set<string>;
  x: number;
  y: number;
  width: number;
}

/** The folder of lib, or of the root, that a path is in, or the file itself. */
function boxOf(path: string): string {
  return storeyOf(path) ?? path.split("/")[0]!;
}

/** Who imports from whom. */
function importsByBox(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const source of sources) {
    const name = boxOf(source.path);
    const imports = found.get(name) ?? new Set();
    found.set(name, imports);
    for (const imported of importsOf(source)) {
      if (!/^(lib|roles)\//.test(imported)) continue;
      if (boxOf(imported) !== name) imports.add(boxOf(imported));
    }
  }
  return found;
}

/** All that can be reached from a box. @throws It is among them. */
function reachedFrom(
  name: string,
  imports: ReadonlyMap<string, ReadonlySet<string>>,
  path: readonly string[] = [],
): Set<string> {
  if (path.includes(name)) {
    throw new Error(`a circle: ${[...path, name].join(" imports from ")}`);
  }
  const all = new Set<string>();
  for (const one of imports.get(name) ?? []) {
    all.add(one);
    const further = reachedFrom(one, imports, [...path, name]);
    for (const other of further) all.add(other);
  }
  return all;
}

/** Without those that are reached by way of another as well. */
function direct(
  imports: ReadonlySet<string>,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): Set<string> {
  return new Set(
    [...imports].filter((one) =>
      ![...imports].some((other) => reached.get(other)!.has(one))
    ),
  );
}

/** The boxes, each above all that it imports from. */
function boxesOf(): Map<string, Box> {
  const all = importsByBox();
  const reached = new Map(
    [...all.keys()].map((name) => [name, reachedFrom(name, all)]),
  );
  const levels = new Map<string, number>();
  const levelOf = (name: string): number => {
    const known = levels.get(name);
    if (known !== undefined) return known;
    // Cores stand side by side, however little one of them needs.
    const peers = columns.includes(name) ? columns : [name];
    const below = peers.flatMap((peer) => [...all.get(peer) ?? []]);
    const level = 1 + Math.max(-1, ...below.map(levelOf));
    levels.set(name, level);
    return level;
  };
  const boxes = new Map<string, Box>();
  for (const [name, imports] of all) {
    if (!(name in purposes)) throw new Error(`say what ${name} is for`);
    boxes.set(name, {
      name,
      level: levelOf(name),
      imports: direct(imports, reached),
      x: 0,
      y: 0,
      width: 0,
    });
  }
  place(boxes, reached);
  return boxes;
}

const columnWidth = (WIDTH - 2 * MARGIN + GAP) / columns.length;

function place(
  boxes: ReadonlyMap<string, Box>,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const all = [...boxes.values()];
  const top = Math.max(...all.map(({ level }) => level));
  const coreLevel = boxes.get(columns[0]!)!.level;
  for (let level = 0; level <= top; level++) {
    // A box is as wide as the cores that it has to do with.
    const touchedBy = ({ name }: Box) =>
      columns.flatMap((core, column) => {
        const isTouched = level > coreLevel
          ? reached.get(name)!.has(core)
          : reached.get(core)!.has(name);
        return isTouched ? [column] : [];
      });
    const row = all.filter((box) => box.level === level)
      .toSorted((a, b) => mean(touchedBy(a)) - mean(touchedBy(b)));
    const touched = row.flatMap(touchedBy);
    const from = Math.min(...touched);
    const to = Math.max(...touched);
    const share = (to - from + 1) / row.length;
    row.forEach((box, index) => {
      const column = columns.indexOf(box.name);
      const first = column >= 0 ? column : from + index * share;
      const wide = column >= 0 ? 1 : share;
      box.x = MARGIN + first * columnWidth;
      box.width = wide * columnWidth - GAP;
      box.y = MARGIN + (top - level) * ROW_HEIGHT +
        (level < coreLevel ? CROSSING_HEIGHT : 0);
    });
  }
}

interface Arrow {
  readonly from: Box;
  readonly to: Box;
}

function arrowsOf(boxes: ReadonlyMap<string, Box>): Arrow[] {
  return [...boxes.values()].flatMap((from) =>
    [...from.imports].map((name) => ({ from, to: boxes.get(name)! }))
  );
}

const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

const middle = ({ x, width }: Box) => x + width / 2;

/** Where, on the side of `box`, the arrow to or from another begins or ends. */
function port(box: Box, other: Box, others: readonly Box[]): number {
  const sorted = others.toSorted((a, b) => middle(a) - middle(b));
  const step = box.width / (sorted.length + 1);
  return box.x + step * (sorted.indexOf(other) + 1);
}

function drawn(arrow: Arrow, all: readonly Arrow[], boxes: Box[]): string {
  const { from, to } = arrow;
  const isAlone = (box: Box) =>
    boxes.filter(({ level }) => level === box.level).length === 1;
  const contains = (a: Box, b: Box) =>
    a.x <= b.x && a.x + a.width >= b.x + b.width;
  const startY = from.y + BOX_HEIGHT;
  const endY = to.y - 1;
  // Between a wide box and what is above or beneath it: straight down.
  const straightX = isAlone(from) && contains(from, to)
    ? middle(to)
    : isAlone(to) && contains(to, from)
    ? middle(from)
    : undefined;
  if (straightX !== undefined) {
    return line(`M${at(straightX, startY)} L${at(straightX, endY)}`);
  }
  const ways = all.filter((one) => !(isAlone(one.from) || isAlone(one.to)));
  const startX = port(
    from,
    to,
    ways.filter((one) => one.from === from).map((one) => one.to),
  );
  const endX = port(
    to,
    from,
    ways.filter((one) => one.to === to).map((one) => one.from),
  );
  const bend = (endY - startY) / 2;
  return line(
    `M${at(startX, startY)} C${at(startX, startY + bend)} ` +
      `${at(endX, endY - bend)} ${at(endX, endY)}`,
  );
}

const at = (x: number, y: number) => `${x.toFixed(1)},${y.toFixed(1)}`;
const line = (path: string) =>
  `<path class="arrow" d="${path}" marker-end="url(#head)"/>`;

function kindOf(name: string): string {
  if (name === "mod.ts" || name === "roles" || outside.includes(name)) {
    return "outside";
  }
  return sources.some(({ path }) => path === `lib/${name}/core.ts`)
    ? "core"
    : "pure";
}

function drawnBox({ name, x, y, width }: Box): string {
  const label = text(x + width / 2, y + 23, name, "name");
  const words = text(x + width / 2, y + 41, purposes[name]!, "words");
  return rect(kindOf(name), x, y, width, BOX_HEIGHT) + label + words;
}

function rect(kind: string, x: number, y: number, w: number, h: number) {
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" ` +
    `width="${w.toFixed(1)}" height="${h}" rx="${h > 20 ? 6 : 2}"/>`;
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">` +
    `${words}</text>`;
}

const kinds: readonly (readonly [string, string])[] = [
  ["outside", "the outside world: Deno, timers, promises"],
  ["core", "a core: a state machine"],
  ["pure", "pure: no I/O, no clock, no promise"],
];

function legend(y: number): string[] {
  let x = MARGIN;
  const parts = kinds.flatMap(([kind, words]) => {
    const all = [
      rect(kind, x, y - 10, 12, 12),
      text(x + 18, y, words, "legend"),
    ];
    x += 34 + 6.1 * words.length;
    return all;
  });
  const about =
    "An arrow: imports from. What other arrows lead to as well has none of its own.";
  return [...parts, text(MARGIN, y + 20, about, "legend")];
}

/** Colours of their own on white and on black, and text that is read on both. */
const style = `
svg { font-family: sans-serif; --line: #57606a; --text: #1f2328; --back: #fff }
.outside { fill: #fbe3c8; stroke: #a8651b }
.core { fill: #d3e6f5; stroke: #2f6f9f }
.pure { fill: #e4e8ec; stroke: #6a737d }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.3 }
.tip { fill: var(--line) }
.back { fill: var(--back) }
text { fill: var(--text) }
.name { font-size: 15px; font-weight: bold; text-anchor: middle }
.words { font-size: 12px; text-anchor: middle }
.legend { font-size: 12px }
@media (prefers-color-scheme: dark) {
  svg { --line: #a9b3bd; --text: #e6edf3; --back: #0d1117 }
  .outside { fill: #4d3313; stroke: #d08a3c }
  .core { fill: #16374f; stroke: #5aa2d6 }
  .pure { fill: #2a3038; stroke: #8b949e }
}
`;

/** The picture, as the sources give it. */
export function pictureOfTree(): string {
  const boxes = boxesOf();
  const all = [...boxes.values()];
  const arrows = arrowsOf(boxes);
  const bottom = Math.max(...all.map(({ y }) => y)) + BOX_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    bottom + LEGEND_HEIGHT + MARGIN
  }" width="${WIDTH}" height="${bottom + LEGEND_HEIGHT + MARGIN}">
<title>The storeys of sd-node's sources, and who imports from whom</title>
<style>${style}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0,0 L8,4 L0,8 z"/></marker></defs>
<rect class="back" width="100%" height="100%" rx="8"/>
${arrows.map((arrow) => drawn(arrow, arrows, all)).join("\n")}
${all.map(drawnBox).join("\n")}
${legend(bottom + 24).join("\n")}
</svg>
`;
}

if (import.meta.main) Deno.writeTextFileSync(PICTURE, pictureOfTree());
