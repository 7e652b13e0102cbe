/**
 * What a client is started for, and which of its flags have a meaning then.
 *
 * @module
 */

/** What a client is started for. */
export type Purpose =
  /** To send messages. */
  | "send"
  /** To print those that are stored. */
  | "read"
  /** To tell where one is kept. */
  | "where"
  /** To have heads let a data node go. */
  | "forget";

/** The flags with a meaning for one purpose; all others have one for each. */
const purposeOfFlag: Readonly<Record<string, Purpose>> = {
  "--interval": "send",
  "--count": "send",
  "--message": "send",
  "--stdin": "send",
  "--peer": "send",
  "--name": "send",
  "--read": "read",
  "--follow": "read",
  "--format": "read",
  "--since": "read",
  "--until": "read",
  "--client": "read",
  "--where": "where",
  "--forget": "forget",
};

/** The flags that each are a task of their own. */
const tasks = ["--message", "--stdin", "--read", "--where", "--forget"];

/** What was given to a client. */
export interface Given {
  /** Flags of the command line. */
  readonly flags: ReadonlySet<string>;
  /** Variables of the environment, by the flags that they stand for. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * What is wrong with these flags together, if anything.
 *
 * A flag that would do nothing is wrong: whoever forgets `--read` would send
 * messages instead. A variable that would do nothing is not, since containers
 * of several purposes may share their environment.
 */
export function purposeConflict(given: Given): string | undefined {
  const together = tasksOf(given).map((flag) => nameOf(given, flag));
  if (together.length > 1) {
    return `${together.join(" and ")}: expected one of them`;
  }
  const purpose = purposeOf(given);
  for (const flag of given.flags) {
    if (hasMeaning(flag, purpose)) continue;
    const task = purpose === "send" ? "" : nameOf(given, `--${purpose}`);
    if (purposeOfFlag[flag] !== "read") return `${flag}: not with ${task}`;
    return `${flag}: expected with --read${task && `, not with ${task}`}`;
  }
  return undefined;
}

/**
 * Whether a variable that stands for a flag counts. The command line wins: a
 * task there leaves those of the environment aside.
 */
export function isHeeded(flag: string, given: Given): boolean {
  if (tasks.includes(flag)) return tasksOf(given).includes(flag);
  return hasMeaning(flag, purposeOf(given));
}

function purposeOf(given: Given): Purpose {
  const [task] = tasksOf(given);
  return task === undefined ? "send" : purposeOfFlag[task]!;
}

/** The tasks of the command line; if it has none, those of the environment. */
function tasksOf({ flags, variables }: Given): string[] {
  const own = tasks.filter((flag) => flags.has(flag));
  return own.length > 0 ? own : tasks.filter((flag) => variables.has(flag));
}

function hasMeaning(flag: string, purpose: Purpose): boolean {
  return (purposeOfFlag[flag] ?? purpose) === purpose;
}

/** A flag as it was given: itself, or its variable. */
function nameOf({ flags, variables }: Given, flag: string): string {
  return flags.has(flag) ? flag : variables.get(flag) ?? flag;
}
