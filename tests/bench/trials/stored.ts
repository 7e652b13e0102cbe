/** What a message costs with nothing stored and with much, and reading it all. */

import { type Program, start } from "../../support/program.ts";
import { costOf } from "../found.ts";
import type { Finding } from "../goals.ts";
import { loadOnce, measure, type Measurement, withTarget } from "../measure.ts";
import { residentKiB } from "../proc.ts";
import { whole } from "../report.ts";
import { cluster, sdNode } from "../sd_node.ts";

/** Records that are stored in the end; some 5 GB. */
const RECORDS = 50_000_000;

/** Time of one load that only fills, in ms. */
const FILL_MS = 5_000;

const READ_GOAL = 1_000_000;

/** How much more may be needed for fifty million, and still count as flat. */
const FLAT = 1.25;

/** Time for reading everything, on any machine, in ms. */
const READ_MS_MAX = 600_000;

/** Pause between two looks at the memory of a reader, in ms. */
const LOOK_MS = 50;

/** A full cluster is warm: only its generators are new. */
const fullWork = {
  connections: 10,
  window: 1_000,
  payloadBytes: 17,
  warmUpMs: 1_000,
};

/** New clusters get as long to warm up as the full one has had. */
const emptyWork = { ...fullWork, warmUpMs: 8_000 };

/**
 * Reads back what a while of loading has stored, fills the cluster, measures it
 * in turn with new ones, and reads it back again.
 */
export function storedTrial(
  rounds: number,
  measuredMs: number,
): Promise<Finding[]> {
  const target = cluster("sd-node");
  return withTarget(target, async (programs, port, directory) => {
    const load = { work: fullWork, port, directory, measuredMs };
    let stored = 0;
    const fill = async () => {
      const { perSecond } = await loadOnce(programs, target, {
        ...load,
        work: { ...fullWork, warmUpMs: 0 },
        measuredMs: FILL_MS,
      });
      stored += perSecond * FILL_MS / 1000;
    };
    await fill();
    const fewRead = await readBack(port, directory);
    while (stored < RECORDS) await fill();
    const empty: Measurement[] = [];
    const full: Measurement[] = [];
    for (let round = 0; round < rounds; round++) {
      empty.push(await measure({ target, work: emptyWork }, measuredMs));
      full.push(await loadOnce(programs, target, load));
    }
    const manyRead = await readBack(port, directory);
    const cost = (rounds: readonly Measurement[]) =>
      costOf({ entry: { target, work: fullWork }, rounds, perSync: undefined });
    return [
      {
        work: `cost of a message from 0 to ${millions(manyRead.records)}`,
        goal: "flat",
        here: `${cost(empty).toFixed(2)}, ${cost(full).toFixed(2)} µs`,
        isReached: cost(full) / cost(empty) <= FLAT,
      },
      {
        work: `read-back of ${millions(manyRead.records)}`,
        goal: `${whole(READ_GOAL)}/s`,
        here: `${whole(manyRead.perSecond)}/s`,
        isReached: manyRead.perSecond >= READ_GOAL,
      },
      {
        work: "memory of the reader",
        goal: "constant",
        here: `${fewRead.mostMiB.toFixed(0)} MiB for ` +
          `${millions(fewRead.records)}, ${manyRead.mostMiB.toFixed(0)} MiB ` +
          `for ${millions(manyRead.records)}`,
        isReached: manyRead.mostMiB / fewRead.mostMiB <= FLAT,
      },
    ];
  });
}

const millions = (records: number) =>
  `${(records / 1e6).toFixed(1)} million records`;

/** Reads everything into a file. */
async function readBack(port: number, directory: string) {
  const out = `${directory}/read.txt`;
  const startMs = performance.now();
  // The shell gives way to the reader, whose memory is looked at.
  await using reader = start("sh", [
    "-c",
    `exec "$0" "$@" > '${out}'`,
    sdNode,
    ...["--role=client", `--to=127.0.0.1:${port}`, "--read"],
  ]);
  const mostKiB = await mostOf(reader);
  const seconds = (performance.now() - startMs) / 1000;
  const records = await linesOf(out);
  await Deno.remove(out);
  return { records, perSecond: records / seconds, mostMiB: mostKiB / 1024 };
}

/** Waits for the end of a program. @returns Its memory at most, in KiB. */
async function mostOf(program: Program): Promise<number> {
  let most = 0;
  let isOver = false;
  const code = program.exit(READ_MS_MAX).finally(() => isOver = true);
  while (!isOver) {
    most = Math.max(most, residentKiB(program).most);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  if (await code !== 0) throw new Error(program.errorLines.join("\n"));
  return most;
}

async function linesOf(path: string): Promise<number> {
  const { stdout } = await new Deno.Command("wc", { args: ["-l", path] })
    .output();
  return Number.parseInt(new TextDecoder().decode(stdout));
}
