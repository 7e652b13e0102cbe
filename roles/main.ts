/**
 * The program: understands its command line, runs the role, minds signals, and
 * ends with the right exit code.
 *
 * @module
 */

import type {
  Command,
  CommandLine,
  RoleName,
  Voice,
} from "../lib/cli/command.ts";
import {
  aboutVariables,
  type Environment,
  environmentVariables,
  parseCommandLine,
  voiceOf,
} from "../lib/cli/command_line.ts";
import {
  CLIENT_WINDOW_BYTES,
  MEMBER_WINDOW_BYTES,
} from "../lib/base/limits.ts";
import { type Log, openLog } from "../lib/system/log.ts";
import {
  fastRandom,
  strongRandom,
  systemClock,
} from "../lib/system/environment.ts";
import { newTurn } from "../lib/system/turn.ts";
import { makeDirectory } from "../lib/system/make_directory.ts";
import {
  type NodeDirectory,
  openNodeDirectory,
} from "../lib/system/node_directory.ts";
import { cannotUseDirectory, StartError } from "../lib/system/start_error.ts";
import { check } from "./check.ts";
import { startClient } from "./client.ts";
import { startData } from "./data.ts";
import { forget } from "./forget.ts";
import { startHead } from "./head.ts";
import { complain, lineOf, print } from "./output.ts";
import { startReading } from "./reading.ts";
import type { RoleContext, Running } from "./running.ts";
import { startServer } from "./server.ts";

/** The exit codes of the program. */
export const ExitCode = { done: 0, failed: 1, usage: 2 } as const;

/** What a shell reports of a process that a signal ended: 128 and its number. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs the program to its end.
 *
 * @returns The exit code.
 */
export async function main(
  args: readonly string[],
  version: string,
): Promise<number> {
  const environment = readEnvironment();
  const voice = voiceOf(args, environment);
  let warnings: readonly string[] = [];
  try {
    const line = parseCommandLine(args, environment, version);
    if (line.kind === "run") warnings = line.warnings;
    return await obey(line, voice);
  } catch (error) {
    // A variable that does not count may well be why it cannot start.
    const reason = error instanceof StartError
      ? [error.message, ...warnings, ...mistypedVariables(voice)].join("; ")
      : bugIn(error);
    await complain(reason, voice);
    return ExitCode.failed;
  }
}

async function obey(line: CommandLine, voice: Voice): Promise<number> {
  switch (line.kind) {
    case "print":
      await print(line.text);
      return ExitCode.done;
    case "wrong":
      await complain(
        [line.text, ...mistypedVariables(voice)].join("; "),
        voice,
      );
      return ExitCode.usage;
    case "run":
      return await carryOut(line.command, line.warnings, voice);
  }
}

async function carryOut(
  command: Command,
  warnings: readonly string[],
  voice: Voice,
): Promise<number> {
  const tell = async (text: string) => {
    const all = [text, ...warnings, ...mistypedVariables(voice)].join("; ");
    await print(lineOf(all, "info", voice));
    return ExitCode.done;
  };
  if (command.check) return await tell(await check(command));
  if (command.role === "client" && command.forget !== undefined) {
    return await tell(await forget(command.to, command.forget));
  }
  return await run(command, warnings);
}

async function run(
  command: Command,
  warnings: readonly string[],
): Promise<number> {
  await dropPermissions(command);
  const home = command.role === "data"
    ? openNodeDirectory(command.dir, strongRandom)
    : undefined;
  const context = openContext(command, home);
  endOnBugs(context.log);
  // Before the role starts: whoever sees it run may signal it at once.
  const signaled = listenToSignals(context.log);
  const running = startRole(command, context, home);
  signaled.then(() => running.drain());
  // Not before: it takes some ms, and nobody waits for it.
  for (const warning of [...warnings, ...mistypedVariables(command)]) {
    context.log.events().warning(warning);
  }
  const failure = await running.done;
  if (failure !== undefined) context.log.events().error(failure);
  await context.log.close();
  return failure === undefined ? ExitCode.done : ExitCode.failed;
}

/** Only a head spawns `ping`; the others give the right to do so away. */
async function dropPermissions(command: Command): Promise<void> {
  if (command.role !== "head") await Deno.permissions.revoke({ name: "run" });
}

function openContext(
  command: Command,
  home: NodeDirectory | undefined,
): RoleContext {
  const clock = systemClock;
  const turn = newTurn();
  const directory = command.logDir ?? home?.path ?? ".";
  const isReader = isReading(command);
  if (!isReader) assertWritable(directory);
  const log = openLog({
    role: command.role,
    directory,
    format: command.logFormat,
    level: command.logLevel,
    color: (isReader ? Deno.stderr : Deno.stdout).isTerminal() && !Deno.noColor,
    // What is read back has standard output for itself.
    console: isReader ? "stderr" : "stdout",
  }, { clock, turn });
  return { clock, turn, log, random: fastRandom, strongRandom };
}

/** Whether it prints messages instead of sending some. */
function isReading(command: Command): boolean {
  return command.role === "client" &&
    (command.read || command.where !== undefined);
}

/** @throws {StartError} Files cannot be made there. */
function assertWritable(directory: string): void {
  try {
    makeDirectory(directory);
    Deno.removeSync(
      Deno.makeTempFileSync({ dir: directory, prefix: ".sd-node-" }),
    );
  } catch (error) {
    throw cannotUseDirectory(directory, "--log-dir", error);
  }
}

/** @param home The directory of a data node; no other role has one. */
function startRole(
  command: Command,
  context: RoleContext,
  home: NodeDirectory | undefined,
): Running {
  switch (command.role) {
    case "server":
      return startServer({
        host: command.host,
        port: command.port,
        clientsMax: command.maxClients,
        clientsTotal: command.totalClients,
      }, context);
    case "head":
      return startHead({
        directory: command.logDir ?? ".",
        host: command.host,
        port: command.port,
        heartbeatIntervalMs: command.heartbeatInterval,
        heartbeatTimeoutMs: command.heartbeatTimeout,
        replicas: command.replicas,
        minReplicas: command.minReplicas ?? command.replicas,
        repairAfterMs: command.repairAfter,
        repairBytesPerSecond: command.repairRate,
        placement: command.placement,
        connectionsMax: command.maxConnections,
        heldBytesMax: command.maxHeld,
        clientWindowBytes: CLIENT_WINDOW_BYTES,
        memberWindowBytes: MEMBER_WINDOW_BYTES,
      }, context);
    case "data":
      return startData({
        heads: command.head,
        directory: home!,
        sync: command.sync === "always",
        scrubIntervalMs: command.scrubInterval,
      }, context);
    case "client":
      if (isReading(command)) {
        return startReading({
          to: command.to,
          follow: command.follow,
          format: command.format,
          client: command.client,
          sinceMs: command.since,
          untilMs: command.until,
          where: command.where,
        }, context);
      }
      return startClient({
        to: command.to,
        name: command.name,
        peer: command.peer,
        intervalMs: command.interval,
        count: command.count ?? (command.message === undefined ? undefined : 1),
        source: command.stdin
          ? { kind: "lines", stream: Deno.stdin.readable }
          : command.message === undefined
          ? { kind: "random" }
          : { kind: "text", text: command.message },
      }, context);
  }
}

/**
 * Resolves on the first SIGINT or SIGTERM; the second ends the process at
 * once.
 *
 * SIGHUP is what a closed terminal sends, and that ends the work in order; a
 * shell and the system may both send it, so it counts once. To a process that
 * has no terminal to write to, it is what logrotate and the like send: log
 * files are opened anew.
 */
function listenToSignals(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isDraining = false;
  for (const [name, code] of Object.entries(signals)) {
    Deno.addSignalListener(name as keyof typeof signals, () => {
      if (isDraining) {
        log.flush();
        Deno.exit(code);
      }
      isDraining = true;
      resolve();
    });
  }
  // Asked now: of a terminal that is closed it would not be true any more.
  const hasTerminal = Deno.stdout.isTerminal();
  Deno.addSignalListener("SIGHUP", () => {
    if (hasTerminal) resolve();
    else log.reopen();
  });
  return promise;
}

/** A bug of ours ends the process: what it would do next is unknown. */
function endOnBugs(log: Log): void {
  const report = (event: Event, error: unknown) => {
    event.preventDefault();
    log.events().error(bugIn(error));
    log.flush();
    Deno.exit(ExitCode.failed);
  };
  addEventListener("error", (event) => report(event, event.error));
  addEventListener(
    "unhandledrejection",
    (event) => report(event, event.reason),
  );
}

/** An error that nobody has thought of, in one line, with its place. */
function bugIn(error: unknown): string {
  const { message, stack } = error instanceof Error
    ? error
    : new Error(`${error}`);
  const place = /\n\s+(at .*)/.exec(stack ?? "")?.[1] ?? "";
  return `Bug in sd-node, please report: ${message} ${place}`;
}

function readEnvironment(): Environment {
  const environment: Record<string, string> = {};
  for (const name of environmentVariables()) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Sentences about variables that look like mistyped ones of the role. */
function mistypedVariables(
  { role }: { readonly role: RoleName | undefined },
): string[] {
  return aboutVariables(role, (name) => Deno.env.get(name) !== undefined);
}
