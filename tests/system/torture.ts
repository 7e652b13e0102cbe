/**
 * A cluster of real processes whose members are killed, stopped and started
 * again at random, under load, while a follower and readers are at work; then
 * everything is read back and checked.
 */

import { seededRandom } from "../support/seeded_random.ts";
import {
  Directory,
  freePort,
  type Program,
  startNode,
  type Target,
} from "../support/program.ts";
import { compare, type Comparison, readAll, startLoad } from "./load.ts";
import { startWitnesses, type Witnessed } from "./witnesses.ts";

/** How a torture is set up. */
export interface TortureOptions {
  readonly target: Target;
  readonly seed: number;
  readonly seconds: number;
  /** What must have come to pass before it ends, if that takes longer. */
  readonly enough?: Partial<Ordeal>;
  readonly replicas: number;
  /** How a data node is started; by `target` unless a test says otherwise. */
  readonly startData?: (head: string, directory: string) => Program;
  /** Whether processes are stopped, and the head killed, too. */
  readonly onlyDataDies?: boolean;
}

/** How hard it was. */
export interface Ordeal {
  readonly kills: number;
  /** Starts that found a torn line, which a process was killed in. */
  readonly torn: number;
  readonly acknowledged: number;
}

/** What came of it. */
export interface Figures extends Ordeal, Comparison, Witnessed {
  readonly stops: number;
  readonly acknowledged: number;
}

const DATA_NODES = 4;

/** What a head or a data node says when it has started. */
const STARTED = /Listening on|dataNode \w+ in/;

/** Share of lives that begin when a process has started; others may end before. */
const STARTED_SHARE = 0.8;

/** How much longer a torture may take until it was hard enough, in ms. */
const PATIENCE_MS = 120_000;

/** A process that can be killed and started again. */
class Victim {
  process: Program;
  readonly #start: () => Program;

  constructor(start: () => Program) {
    this.#start = start;
    this.process = start();
  }

  restart(): void {
    this.process = this.#start();
  }
}

/** Those of the figures that must be 0, with their names. */
export function wrongsOf(figures: Figures): Record<string, number> {
  const { lost, doubled, misordered } = figures;
  const { falselyWhole, readTwice, followerLost, followerDoubled } = figures;
  const all = {
    lost,
    doubled,
    misordered,
    falselyWhole,
    readTwice,
    followerLost,
    followerDoubled,
  };
  return Object.fromEntries(Object.entries(all).filter(([, n]) => n !== 0));
}

/** Runs a torture to its end. */
export async function torture(options: TortureOptions): Promise<Figures> {
  const { target, replicas } = options;
  const random = seededRandom(options.seed);
  await using directory = new Directory();
  const port = freePort();
  const to = `127.0.0.1:${port}`;
  const start = (name: string, ...args: readonly string[]) =>
    new Victim(() =>
      startNode(target, [...args, `--log-dir=${directory.at(name)}`])
    );
  const head = start(
    "head",
    "--role=head",
    "--host=127.0.0.1",
    `--port=${port}`,
    `--replicas=${replicas}`,
  );
  const nodes = Array.from({ length: DATA_NODES }, (_, i) => {
    const home = directory.at(`d${i}`);
    const { startData } = options;
    return startData === undefined
      ? start(`d${i}`, "--role=data", `--head=${to}`, `--dir=${home}`)
      : new Victim(() => startData(to, home));
  });
  const victims = [head, ...nodes];
  try {
    const load = startLoad(to);
    await using witnesses = startWitnesses(target, to, load, directory.path);
    const onlyDataDies = options.onlyDataDies ?? false;
    const tornLines = () =>
      nodes.flatMap((_, i) => directory.lines(`d${i}/registro_data.txt`))
        .filter((line) => /ended in a torn line/.test(line)).length;
    const { kills = 0, torn = 0, acknowledged: some = 0 } = options.enough ??
      {};
    const endMs = nowMs() + options.seconds * 1000;
    const chaos: Chaos = {
      kills: 0,
      stops: 0,
      killShare: onlyDataDies ? 1 : 0.8,
      isOver: () =>
        nowMs() >= endMs && (nowMs() >= endMs + PATIENCE_MS ||
          chaos.kills >= kills && load.acknowledgedCount >= some &&
            tornLines() >= torn),
    };
    await Promise.all([
      ...nodes.map((node) => torment(node, random, chaos, 600)),
      onlyDataDies ? undefined : torment(head, random, chaos, 4_000),
    ]);
    const acknowledged = await load.finish();
    const texts = await readAll(target, to);
    const witnessed = await witnesses.finish();
    return {
      ...witnessed,
      kills: chaos.kills,
      stops: chaos.stops,
      torn: tornLines(),
      ...compare(acknowledged, load.sent, texts),
    };
  } finally {
    for (const { process } of victims) await process.kill();
  }
}

interface Chaos {
  kills: number;
  stops: number;
  /** Share of kills; the rest are stops. */
  readonly killShare: number;
  readonly isOver: () => boolean;
}

/** Kills and stops one process again and again; leaves it running. */
async function torment(
  victim: Victim,
  random: () => number,
  chaos: Chaos,
  lifeMs: number,
): Promise<void> {
  while (!chaos.isOver()) {
    // Else no process of a busy machine lives long enough to be told anything.
    if (random() < STARTED_SHARE) await victim.process.line(STARTED);
    await pause(random() * lifeMs);
    if (random() < chaos.killShare) {
      await victim.process.kill();
      chaos.kills++;
      await pause(random() * lifeMs / 4);
      victim.restart();
    } else {
      victim.process.signal("SIGSTOP");
      chaos.stops++;
      // Now and then for longer than the head's patience of 10 s.
      await pause(random() < 0.1 ? 11_000 : random() * 1_500);
      victim.process.signal("SIGCONT");
    }
  }
}

function nowMs(): number {
  return performance.now();
}

/** Lets chaos wait; nothing is synchronised by it. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
