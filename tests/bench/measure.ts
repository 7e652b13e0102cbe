/** One measurement: a peer, the load generator, and what each of them used. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  Directory,
  freePort,
  type Program,
  start,
} from "../support/program.ts";
import type { LoadOrder, LoadResult } from "./load/main.ts";
import type { Target } from "./targets.ts";

const generator = fileURLToPath(new URL("load/main.ts", import.meta.url));

/** How a peer is loaded. */
export type Work = Pick<
  LoadOrder,
  "connections" | "window" | "payloadBytes"
>;

/** What one measurement found. */
export interface Measurement {
  readonly perSecond: number;
  /** Of a message's time, in µs; null where many are in flight at once. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Share of one processor that each process used, the generator as well. */
  readonly processors: ReadonlyMap<string, number>;
}

/** Time that is not measured, in ms: caches and compilers warm up. */
const WARM_UP_MS = 1_000;

/** Ticks of a processor's clock in a second, as the kernel counts them. */
const TICKS_PER_SECOND = 100;

/** Loads a peer for `measuredMs`. */
export function measure(
  target: Target,
  work: Work,
  measuredMs: number,
): Promise<Measurement> {
  return withTarget(target, async (programs, port) => {
    await using load = startLoad(target, work, port, measuredMs);
    await load.line(/^measuring$/);
    const all = new Map([...programs, ["generator", load]]);
    const before = ticksOf(all);
    await load.line(/"answered":/);
    const after = ticksOf(all);
    const result = await resultOf(load);
    const seconds = result.measuredMs / 1000;
    return {
      perSecond: result.answered / seconds,
      p50: result.p50,
      p99: result.p99,
      processors: new Map(
        [...after].map(([name, ticks]) => [
          name,
          (ticks - before.get(name)!) / TICKS_PER_SECOND / seconds,
        ]),
      ),
    };
  });
}

/**
 * Counts what a peer syncs under a load, with strace, which makes it slow: so
 * this is no measurement of speed.
 *
 * @returns Messages answered, and calls that sync.
 */
export function countSyncs(
  target: Target,
  work: Work,
): Promise<{ readonly answered: number; readonly syncs: number }> {
  return withTarget(target, async (programs, port) => {
    const pids = [...programs.values()].map(({ pid }) => `--attach=${pid}`);
    await using trace = start("strace", [
      "--follow-forks",
      "--trace=fsync,fdatasync",
      "--quiet=all",
      ...pids,
    ]);
    await using load = startLoad(target, work, port, 1_500);
    await load.line(/^measuring$/);
    const before = trace.errorLines.length;
    await load.line(/"answered":/);
    const syncs = trace.errorLines.slice(before)
      .filter((line) => /f(data)?sync\(/.test(line)).length;
    return { answered: (await resultOf(load)).answered, syncs };
  });
}

async function withTarget<T>(
  target: Target,
  run: (programs: Map<string, Program>, port: number) => Promise<T>,
): Promise<T> {
  await using directory = new Directory();
  const port = freePort();
  const programs = await target.start(port, directory.path);
  try {
    return await run(programs, port);
  } finally {
    for (const program of programs.values()) await program.kill();
  }
}

function startLoad(
  { protocol }: Target,
  work: Work,
  port: number,
  measuredMs: number,
): Program {
  const order: LoadOrder = {
    ...work,
    protocol,
    hostname: "127.0.0.1",
    port,
    warmUpMs: WARM_UP_MS,
    measuredMs,
  };
  return start("deno", [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    generator,
    JSON.stringify(order),
  ]);
}

async function resultOf(load: Program): Promise<LoadResult> {
  assert.equal(await load.exit(), 0, load.errorLines.join("\n"));
  return JSON.parse(load.lines.at(-1)!);
}

/** Read by `cat`, since Deno opens `/proc` only to whom everything is allowed. */
function procStat(pid: number): string {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/stat`] })
    .outputSync();
  return new TextDecoder().decode(stdout);
}

/** Processor time of each process so far, in ticks. */
function ticksOf(programs: ReadonlyMap<string, Program>): Map<string, number> {
  const ticks = new Map<string, number>();
  for (const [name, { pid }] of programs) {
    const stat = procStat(pid);
    // The second field is a name, which may have spaces; user and system time
    // are the fourteenth and fifteenth (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks.set(name, Number(fields[11]) + Number(fields[12]));
  }
  return ticks;
}
