/** One measurement: a peer, the load generator, and what each of them used. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  Directory,
  freePort,
  type Program,
  start,
} from "../support/program.ts";
import { type LoadOrder, type LoadResult, MEASURING } from "./load/order.ts";
import { processorSeconds } from "./proc.ts";
import type { Entry } from "./rows.ts";
import type { Target } from "./target.ts";

const loadScript = (name: string) =>
  fileURLToPath(new URL(`load/${name}.ts`, import.meta.url));

/** How a peer is loaded. */
export interface Work
  extends Pick<LoadOrder, "connections" | "window" | "payloadBytes"> {
  /** Time that is not measured, in ms [2,000]: caches and compilers warm up. */
  readonly warmUpMs?: number;
}

/** What the generator's processor time is called. */
export const GENERATOR = "generator";

/** What one measurement found. */
export interface Measurement {
  readonly perSecond: number;
  /** Of a message's time, in µs; null where many are in flight at once. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Share of one processor that each process used, the generator as well. */
  readonly processors: ReadonlyMap<string, number>;
}

const WARM_UP_MS = 2_000;

/** Loads a peer for `measuredMs`. */
export function measure(
  { target, work }: Entry,
  measuredMs: number,
): Promise<Measurement> {
  return withTarget(
    target,
    (programs, port, directory) =>
      loadOnce(programs, target, { work, port, directory, measuredMs }),
  );
}

/** Where and how long a peer that is there already is loaded. */
export interface Load {
  readonly work: Work;
  readonly port: number;
  readonly directory: string;
  readonly measuredMs: number;
}

/** Loads a peer that is there already. */
export async function loadOnce(
  programs: ReadonlyMap<string, Program>,
  target: Pick<Target, "protocol">,
  load: Load,
): Promise<Measurement> {
  await using generator = startLoad(target, load);
  await generator.line(new RegExp(`^${MEASURING}$`));
  const all = new Map([...programs, [GENERATOR, generator]]);
  const before = processorSeconds(all);
  await generator.line(/"answered":/);
  const after = processorSeconds(all);
  const result = await resultOf(generator);
  const seconds = result.measuredMs / 1000;
  return {
    perSecond: result.answered / seconds,
    p50: result.p50,
    p99: result.p99,
    processors: new Map(
      [...after].map(([name, used]) => [
        name,
        (used - before.get(name)!) / seconds,
      ]),
    ),
  };
}

/**
 * Counts what a peer syncs under a load, with strace, which makes it slow: so
 * this is no measurement of speed.
 *
 * @returns Messages answered, and calls that sync.
 */
export function countSyncs(
  { target, work }: Entry,
): Promise<{ readonly answered: number; readonly syncs: number }> {
  return withTarget(target, async (programs, port, directory) => {
    const pids = [...programs.values()].map(({ pid }) => `--attach=${pid}`);
    await using trace = start("strace", [
      "--follow-forks",
      "--trace=fsync,fdatasync",
      "--quiet=all",
      ...pids,
    ]);
    await using load = startLoad(target, {
      work,
      port,
      directory,
      measuredMs: 1_500,
    });
    await load.line(new RegExp(`^${MEASURING}$`));
    const before = trace.errorLines.length;
    await load.line(/"answered":/);
    const syncs = trace.errorLines.slice(before)
      .filter((line) => /f(data)?sync\(/.test(line)).length;
    return { answered: (await resultOf(load)).answered, syncs };
  });
}

/** Runs something with a peer that is there for it alone. */
export async function withTarget<T>(
  target: Target,
  run: (
    programs: Map<string, Program>,
    port: number,
    directory: string,
  ) => Promise<T>,
): Promise<T> {
  await using directory = new Directory();
  const port = freePort();
  const programs = await target.start(port, directory.path);
  try {
    return await run(programs, port, directory.path);
  } finally {
    for (const program of programs.values()) await program.kill();
  }
}

function startLoad(
  { protocol }: Pick<Target, "protocol">,
  { work, port, directory, measuredMs }: Load,
): Program {
  const order: LoadOrder = {
    warmUpMs: WARM_UP_MS,
    ...work,
    protocol,
    hostname: "127.0.0.1",
    port,
    directory,
    measuredMs,
  };
  return start("deno", [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    ...protocol === "disk"
      ? ["--allow-write", loadScript("disk")]
      : ["--allow-net=127.0.0.1", loadScript("main")],
    JSON.stringify(order),
  ]);
}

async function resultOf(load: Program): Promise<LoadResult> {
  assert.equal(await load.exit(), 0, load.errorLines.join("\n"));
  return JSON.parse(load.lines.at(-1)!);
}
