/**
 * The variables of the environment: one for each flag, `--log-dir` as
 * `SD_LOG_DIR`.
 *
 * The process may read the variables that begin with `SD_`, each by its name,
 * and may list none: for that it would have to be allowed to read them all,
 * with whatever secrets there are. So a mistyped name is looked for by asking
 * for the names that people write instead of one that has a meaning: a thousand
 * for a role, which takes 2 ms. All that differ in a letter would take 20, and
 * are looked for only where nothing starts without the variable: that of the
 * role.
 *
 * @module
 */

const PREFIX = "SD_";

/** `--log-dir` as `SD_LOG_DIR`. */
export function variableOf(flag: string): string {
  return PREFIX + flag.slice(2).replaceAll("-", "_").toUpperCase();
}

/**
 * Whether Kubernetes has put this variable there. It tells each container of
 * the Services around it: of one that is called `sd` by
 * `SD_PORT=tcp://10.0.0.1:5000`, which is no port.
 */
export function isServiceLink(variable: string, value: string): boolean {
  return variable.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value);
}

/** What is said of such a variable, when its flag is one of the role's. */
export function aboutServiceLink(variable: string): string {
  const service = variable.slice(0, -"_PORT".length).toLowerCase()
    .replaceAll("_", "-");
  return `${variable} is ignored: it is not a port but Kubernetes' link to a ` +
    `Service called ${service}; enableServiceLinks: false keeps it away`;
}

/**
 * Tells of variables that are nearly one of the role's.
 *
 * @param flags Those of the role.
 * @param known All variables that have a meaning for any role.
 * @param isSet Whether there is a variable of this name.
 * @returns A sentence for each.
 */
export function aboutMistyped(
  flags: Iterable<string>,
  known: ReadonlySet<string>,
  isSet: (name: string) => boolean,
): string[] {
  const meant = new Map<string, string>();
  for (const flag of flags) {
    const variable = variableOf(flag);
    const meantName = variable.slice(PREFIX.length);
    const names = flag === "--role"
      ? [...nearNames(meantName), ...changedNames(meantName)]
      : nearNames(meantName);
    for (const name of names) {
      const near = PREFIX + name;
      if (!known.has(near) && !meant.has(near) && isSet(near)) {
        meant.set(near, variable);
      }
    }
  }
  return [...meant].map(([name, variable]) =>
    `${name} is ignored: there is no such variable; did you mean ${variable}?`
  );
}

/**
 * Names that people write for `name`: with a letter too few or twice, two that
 * are swapped, an S or a `_` too many, a word left out, words in another order.
 */
function* nearNames(name: string): Iterable<string> {
  for (let i = 0; i <= name.length; i++) {
    const before = name.slice(0, i);
    const letter = name.slice(i, i + 1);
    const next = name.slice(i + 1, i + 2);
    const behind = name.slice(i + 1);
    yield before + behind;
    yield before + letter + letter + behind;
    yield before + next + letter + name.slice(i + 2);
    yield `${before}S${letter}${behind}`;
    yield `${before}_${letter}${behind}`;
  }
  const words = name.split("_");
  if (words.length === 1) return;
  yield words.toReversed().join("_");
  yield words.join("-");
  for (let i = 0; i < words.length; i++) yield words.toSpliced(i, 1).join("_");
}

/** Names with another letter in one place. */
function* changedNames(name: string): Iterable<string> {
  for (let i = 0; i < name.length; i++) {
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
      yield name.slice(0, i) + letter + name.slice(i + 1);
    }
  }
}
