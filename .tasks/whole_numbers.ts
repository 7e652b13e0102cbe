/**
 * The arguments of tasks that are told how much, as `deno task torture 300 2`.
 *
 * @module
 */

/**
 * The whole numbers from 1 that a task was given, or what stands for those that
 * were not given. Ends the process with one line and exit code 2 when they are
 * something else.
 *
 * @param usage The task, and what it expects.
 */
export function wholeNumbers<const Defaults extends readonly number[]>(
  usage: string,
  words: readonly string[],
  defaults: Defaults,
): { readonly [Index in keyof Defaults]: number } {
  const isGood = words.length <= defaults.length &&
    words.every((word) =>
      /^[1-9]\d*$/.test(word) && Number.isSafeInteger(Number(word))
    );
  if (!isGood) refuse(usage, words);
  return defaults.map((value, i) => Number(words[i] ?? value)) as {
    readonly [Index in keyof Defaults]: number;
  };
}

/** Ends the process: these are not what the task expects. */
export function refuse(usage: string, words: readonly string[]): never {
  console.error(`${usage}, got '${words.join(" ")}'`);
  Deno.exit(2);
}
