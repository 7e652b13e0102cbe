/** The clients of load_main.ts as a process of some host. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Program } from "../support/program.ts";
import type { LoadReport } from "./load_main.ts";

const program = fileURLToPath(new URL("load_main.ts", import.meta.url));

/**
 * Starts the clients, and waits until they are at work.
 *
 * @param run Starts a program on the host.
 * @param to Heads, as `--to` has them.
 */
export async function startLoadProcess(
  run: (command: string, args: readonly string[]) => Program,
  to: string,
): Promise<Program> {
  const load = run(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    "--allow-net",
    program,
    to,
  ]);
  await load.line(/at work/);
  return load;
}

/** Ends the load. @returns What came of it. */
export async function finishLoadProcess(load: Program): Promise<LoadReport> {
  await load.endInput();
  assert.equal(await load.exit(), 0, load.errorLines.join("\n"));
  return JSON.parse(load.lines.at(-1)!);
}

/** What the clients of a report have sent. */
export function textsOf({ sent }: LoadReport): string[] {
  return sent.flatMap((count, client) =>
    Array.from({ length: count }, (_, i) => `c${client}#${i + 1}`)
  );
}
