/** How long it takes from the start to the first answer. */

import { Directory, freePort, start } from "../../support/program.ts";
import { median } from "../found.ts";
import type { Finding } from "../goals.ts";
import { readUntil, writeAll } from "../load/protocol.ts";
import { bytesOf } from "../../../lib/base/ascii.ts";
import { sdNode } from "../sd_node.ts";

const GOAL_MS = 150;

/** Between two calls of one that does not listen yet, in ms. */
const LOOK_AGAIN_MS = 1;

/** Starts everything so many times, in turn. */
export async function startupTrial(rounds: number): Promise<Finding[]> {
  const runtime: number[] = [];
  const server: number[] = [];
  const cluster: number[] = [];
  for (let round = 0; round < rounds; round++) {
    runtime.push(await timeOf(startRuntime));
    server.push(await timeOf(startServer));
    cluster.push(await timeOf(startHead));
  }
  const floor = `(Deno alone starts and ends in ${ms(runtime)})`;
  return [
    {
      work: "start of a server to its first answer",
      goal: `below ${GOAL_MS} ms`,
      here: `${ms(server)} ${floor}`,
      isReached: median(server) < GOAL_MS,
    },
    {
      work: "start of a head and a data node at once to the first answer",
      goal: `below ${GOAL_MS} ms`,
      here: `${ms(cluster)} ${floor}`,
      isReached: median(cluster) < GOAL_MS,
    },
  ];
}

const ms = (times: readonly number[]) => `${Math.round(median(times))} ms`;

/** What is started; resolves when it has answered. */
type Start = (port: number, directory: Directory) => Promise<AsyncDisposable>;

async function timeOf(begin: Start): Promise<number> {
  await using directory = new Directory();
  const port = freePort();
  const startMs = performance.now();
  await using _programs = await begin(port, directory);
  return performance.now() - startMs;
}

async function startRuntime(): Promise<AsyncDisposable> {
  const program = start("deno", ["eval", ""]);
  await program.exit();
  return program;
}

async function startServer(
  port: number,
  directory: Directory,
): Promise<AsyncDisposable> {
  const server = start(sdNode, [
    ...["--role=server", "--host=127.0.0.1", `--port=${port}`],
    `--log-dir=${directory.path}`,
  ]);
  await firstAnswer(port, "hola\n");
  return server;
}

async function startHead(
  port: number,
  directory: Directory,
): Promise<AsyncDisposable> {
  const programs = new AsyncDisposableStack();
  programs.use(start(sdNode, [
    ...["--role=head", "--host=127.0.0.1", `--port=${port}`],
    `--log-dir=${directory.at("head")}`,
  ]));
  programs.use(start(sdNode, [
    ...["--role=data", `--head=127.0.0.1:${port}`],
    `--dir=${directory.at("data")}`,
  ]));
  await firstAnswer(port, "cliente\nhola\n");
  return programs;
}

/** Sends a message as a person would, and waits for its answer. */
async function firstAnswer(port: number, words: string): Promise<void> {
  for (;;) {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await writeAll(conn, bytesOf("peticion\n"));
      await readUntil(conn, "confirmacion\n");
      await writeAll(conn, bytesOf(words));
      await readUntil(conn, "\n");
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}
