/** Runs a simulation for many seeds; a failure says how to run it again. */

/**
 * Runs `run` for the seeds from 1 to `count`, or for those that the variable
 * SD_SEED names (`17`, or `1000-2000`).
 *
 * @returns The sum of what the runs returned.
 */
export function forSeeds(
  count: number,
  name: string,
  run: (seed: number) => number,
): number {
  const [first, last] = seedRange(count);
  let sum = 0;
  for (let seed = first; seed <= last; seed++) {
    try {
      sum += run(seed);
    } catch (error) {
      throw new Error(
        `Seed ${seed} fails; again: SD_SEED=${seed} deno task test ` +
          `tests/simulation/${name}_test.ts`,
        { cause: error },
      );
    }
  }
  return sum;
}

function seedRange(count: number): readonly [number, number] {
  const text = Deno.env.get("SD_SEED");
  if (text === undefined) return [1, count];
  const [first, last = first] = text.split("-").map(Number);
  return [first!, last!];
}
