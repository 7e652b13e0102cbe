/**
 * `--forget`: a data node is gone for good, and is to be missed no more. Every
 * head that is named is told; heads tell each other by way of data nodes.
 *
 * @module
 */

import { askToForget } from "../lib/net/ask_status.ts";
import { StartError } from "../lib/start_error.ts";

/** Time for one head to answer, in ms. */
const ANSWER_MS_MAX = 3_000;

/**
 * Has heads let a data node go.
 *
 * @returns What was done, in one line.
 * @throws {StartError} Not all heads have done it, and why.
 */
export async function forget(
  heads: readonly string[],
  id: string,
): Promise<string> {
  const answers = await Promise.all(heads.map(async (address) => ({
    address,
    failure: await askToForget(address, id, ANSWER_MS_MAX),
  })));
  const failed = answers.filter(({ failure }) => failure !== undefined);
  if (failed.length === 0) {
    return `dataNode ${id} is forgotten by ${heads.join(", ")}`;
  }
  const reasons = failed.map(({ address, failure }) =>
    `${address}: ${failure}`
  );
  throw new StartError(`Cannot forget dataNode ${id}: ${reasons.join("; ")}`);
}
