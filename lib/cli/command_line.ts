/**
 * The command line: a role, its flags, the environment; help, completions, and
 * one line for everything that is wrong.
 *
 * @module
 */

import {
  completionsAmong,
  completionScript,
  completionsOf,
  explainFlags,
  flagsOf,
  parseFlags,
  shellNames,
} from "./flags.ts";
import {
  type Command,
  type CommandLine,
  type RoleName,
  roleNames,
  type Voice,
} from "./command.ts";
import { type Given, isHeeded, purposeConflict } from "./purpose.ts";
import {
  aboutMistyped,
  aboutServiceLink,
  isServiceLink,
  variableOf,
} from "./variables.ts";

const PROGRAM = "sd-node";

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string>>;

/** The flags without a value. */
const switches: ReadonlySet<string> = new Set([
  "--check",
  "--stdin",
  "--read",
  "--follow",
]);

/** Every flag of every role, with the roles that have it. */
const rolesOfFlag: ReadonlyMap<string, readonly RoleName[]> = flagsByRole();

/**
 * Understands a command line.
 *
 * Every flag can also come from the environment: `--log-dir` as `SD_LOG_DIR`.
 * The command line wins. A variable that the role does not have, or that means
 * nothing for what a client is to do, is left alone, since containers of
 * several roles may share their environment; such a flag is an error.
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Environment,
  version: string,
): CommandLine {
  if (args[0] === "completion") return complete(args.slice(1));
  const flags = flagWords(args);
  if (flags.includes("--version") || flags.includes("-V")) {
    return { kind: "print", text: `${PROGRAM} ${version}` };
  }
  const wantsHelp = flags.includes("--help") || flags.includes("-h");
  const { role } = voiceOf(args, environment);
  if (wantsHelp) {
    return { kind: "print", text: role ? helpOf(role) : overview() };
  }
  if (role === undefined) {
    return wrongRole(roleWord(args, environment), args);
  }
  const own = flags.find((arg) => isFlagOfOthers(role, arg));
  if (own !== undefined) return wrongFlag(role, flagName(own));
  const { found, links } = environmentFlags(role, flags, environment);
  const given: Given = {
    flags: new Set(flags.map(flagName)),
    variables: new Map(found.map(({ flag, variable }) => [flag, variable])),
  };
  const conflict = role === "client" ? purposeConflict(given) : undefined;
  if (conflict !== undefined) return wrong(conflict);
  const heeded = role === "client"
    ? found.filter(({ flag }) => isHeeded(flag, given))
    : found;
  const command = parseFlags(role, [
    ...args,
    ...heeded.flatMap(({ flag, args }) => [flag, ...args]),
  ]);
  if (typeof command === "string") {
    let reason = command;
    for (const { flag, variable } of heeded) {
      reason = reason.replace(flag, variable);
    }
    return wrong(
      `${reason.replace(/\.$/, "")}; see ${PROGRAM} --role ${role} --help`,
    );
  }
  const contradiction = contradictionOf(command);
  if (contradiction !== undefined) return wrong(contradiction);
  return { kind: "run", command, warnings: links.map(aboutServiceLink) };
}

/** What flags that are right by themselves get wrong together. */
function contradictionOf(command: Command): string | undefined {
  if (command.role === "client") {
    const { since, until } = command;
    if (since !== undefined && until !== undefined && until <= since) {
      const [from, to] = [since, until].map((ms) => new Date(ms).toISOString());
      return `--until: expected a time after --since (${from}), got ${to}`;
    }
  }
  if (command.role === "head") {
    const { replicas, minReplicas } = command;
    if (minReplicas !== undefined && minReplicas > replicas) {
      return `--min-replicas: expected at most --replicas (${replicas}), ` +
        `got ${minReplicas}`;
    }
  }
  return undefined;
}

/**
 * How to write lines about this command line, which may be wrong.
 */
export function voiceOf(
  args: readonly string[],
  environment: Environment,
): Voice {
  const word = roleWord(args, environment);
  const format = valueOf(args, "--log-format") ??
    environment[variableOf("--log-format")];
  return {
    format: format === "json" ? "json" : "text",
    role: roleNames.find((known) => known === word),
  };
}

function roleWord(
  args: readonly string[],
  environment: Environment,
): string | undefined {
  return valueOf(args, "--role") ?? environment[variableOf("--role")];
}

/**
 * Tells of variables that look like mistyped ones of a role, or of the one that
 * names the role when there is none.
 *
 * @param isSet Whether there is a variable of this name.
 */
export function aboutVariables(
  role: RoleName | undefined,
  isSet: (name: string) => boolean,
): string[] {
  const flags = role === undefined ? ["--role"] : flagsOf(role);
  return aboutMistyped(flags, new Set(environmentVariables()), isSet);
}

function wrong(text: string): CommandLine {
  return { kind: "wrong", text };
}

function wrongRole(
  name: string | undefined,
  args: readonly string[],
): CommandLine {
  const expected = `expected one of ${roleNames.join(", ")}`;
  if (name !== undefined) return wrong(`--role: ${expected}, got '${name}'`);
  return wrong(
    args.length === 0
      ? `--role is missing: ${expected}; see ${PROGRAM} --help`
      : `--role is missing: ${expected}`,
  );
}

function wrongFlag(role: RoleName, flag: string): CommandLine {
  const others = rolesOfFlag.get(flag)!.map((name) => `--role ${name}`);
  return wrong(
    `${flag} is a flag of ${others.join(" and ")}, not of --role ${role}`,
  );
}

function isFlagOfOthers(role: RoleName, arg: string): boolean {
  const roles = rolesOfFlag.get(flagName(arg));
  return roles !== undefined && !roles.includes(role);
}

function flagName(arg: string): string {
  return arg.split("=", 1)[0]!;
}

/** The words that are no value of the flag in front of them. */
function flagWords(args: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    words.push(word);
    if (rolesOfFlag.has(word) && !switches.has(word)) i++;
  }
  return words;
}

/** The value of `--name value` or `--name=value`. */
function valueOf(args: readonly string[], name: string): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === name) return args[i + 1] ?? "";
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
    // What looks like a flag may be the value of one.
    if (rolesOfFlag.has(word) && !switches.has(word)) i++;
  }
  return undefined;
}

/** A flag that a variable gives. */
interface EnvironmentFlag {
  readonly flag: string;
  readonly variable: string;
  readonly args: readonly string[];
}

/** Flags that the environment gives and the command line does not. */
function environmentFlags(
  role: RoleName,
  flags: readonly string[],
  environment: Environment,
) {
  const given = new Set(flags.map(flagName));
  const found: EnvironmentFlag[] = [];
  /** Variables that Kubernetes has put there. */
  const links: string[] = [];
  for (const [flag, roles] of rolesOfFlag) {
    const variable = variableOf(flag);
    const value = environment[variable];
    if (!roles.includes(role) || given.has(flag) || !value) continue;
    if (isServiceLink(variable, value)) links.push(variable);
    else if (!switches.has(flag)) found.push({ flag, variable, args: [value] });
    else if (value !== "0" && value !== "false") {
      found.push({ flag, variable, args: [] });
    }
  }
  return { found, links };
}

/** The environment variables that {@linkcode parseCommandLine} reads. */
export function environmentVariables(): string[] {
  return [...rolesOfFlag.keys()].map(variableOf);
}

function flagsByRole(): ReadonlyMap<string, readonly RoleName[]> {
  const found = new Map<string, RoleName[]>();
  for (const role of roleNames) {
    for (const flag of flagsOf(role)) {
      found.set(flag, [...found.get(flag) ?? [], role]);
    }
  }
  return found;
}

function helpOf(role: RoleName): string {
  return `Usage: ${PROGRAM} --role ${role} [FLAGS]

${explainFlags(role)}

Every flag also comes from the environment: --log-dir as SD_LOG_DIR.`;
}

function overview(): string {
  return `Usage: ${PROGRAM} --role ROLE [FLAGS]

Clients hand messages to a head; the head has each written to disk by a data
node that it picks, and tells the client where.

Roles:
  head     takes messages from clients and places them on data nodes
  data     a data node: writes messages to data.txt, synced, for its heads
  client   sends messages to a head or a server, and logs the answers
  server   the simpler topology: answers clients directly

  ${PROGRAM} --role ROLE --help       the flags of a role
  ${PROGRAM} --version
  ${PROGRAM} completion SHELL         for: source <(…); bash, zsh or fish

Every flag also comes from the environment: --log-dir as SD_LOG_DIR.
Ends with 0 when done, 1 when something failed, 2 when the usage is wrong.`;
}

/** `completion SHELL` prints the script, `completion SHELL WORD…` completes. */
function complete(args: readonly string[]): CommandLine {
  const [shell = "", ...words] = args;
  if (!shellNames.includes(shell)) {
    const known = shellNames.join(", ");
    return wrong(`completion: expected one of ${known}, got '${shell}'`);
  }
  const [first, ...others] = words;
  const text = first === undefined
    ? completionScript(shell, PROGRAM)
    : completions(shell, [first, ...others]);
  return { kind: "print", text };
}

function completions(
  shell: string,
  words: readonly [string, ...string[]],
): string {
  const current = words.at(-1)!;
  const before = words.slice(0, -1);
  if (before.at(-1) === "--role") {
    return completionsAmong(roleNames, current, shell);
  }
  const role = roleNames.find((name) => name === valueOf(before, "--role"));
  return role === undefined
    ? completionsAmong(["--role", "--help", "--version"], current, shell)
    : completionsOf(role, words, shell);
}
