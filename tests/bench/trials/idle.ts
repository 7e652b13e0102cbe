/** What ten thousand idle connections cost a head, and a thousand busy ones. */

import { fileURLToPath } from "node:url";
import { start } from "../../support/program.ts";
import { median } from "../found.ts";
import type { Finding } from "../goals.ts";
import { loadOnce, withTarget } from "../measure.ts";
import { residentKiB } from "../proc.ts";
import { cluster } from "../sd_node.ts";

const IDLE = 10_000;
const work = { connections: 1_000, window: 1, payloadBytes: 17 };

/** Time for a head to settle after so many handshakes, in ms. */
const SETTLE_MS = 1_000;

const idleScript = fileURLToPath(new URL("../load/idle.ts", import.meta.url));

/** Measures with and without them, in turn. */
export function idleTrial(
  rounds: number,
  measuredMs: number,
): Promise<Finding[]> {
  const target = cluster("sd-node");
  return withTarget(target, async (programs, port, directory) => {
    const load = { work, port, directory, measuredMs };
    const head = programs.get("head")!;
    const ratios: number[] = [];
    let eachKiB = Infinity;
    // Once before, so that what the busy ones need is not counted as theirs.
    await loadOnce(programs, target, load);
    for (let round = 0; round < rounds; round++) {
      const without = await loadOnce(programs, target, load);
      const { now: before } = residentKiB(head);
      await using idle = start("deno", [
        "run",
        "--quiet",
        "--no-check",
        "--allow-net=127.0.0.1",
        idleScript,
        `${port}`,
        `${IDLE}`,
      ]);
      await idle.line(/^ready$/);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      // Later ones find memory that the first have left.
      if (round === 0) eachKiB = (residentKiB(head).now - before) / IDLE;
      const beside = await loadOnce(programs, target, load);
      ratios.push(beside.perSecond / without.perSecond);
    }
    const ratio = median(ratios);
    return [
      {
        work: "10,000 idle connections",
        goal: "below 10 KiB each",
        here: `${eachKiB.toFixed(1)} KiB each`,
        isReached: eachKiB < 10,
      },
      {
        work: "1,000 busy ones beside them",
        goal: "0.9 of what they get alone",
        here: ratio.toFixed(2),
        isReached: ratio >= 0.9,
      },
    ];
  });
}
