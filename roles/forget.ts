/**
 * `--forget`: a data node is gone for good, and is to be missed no more. Every
 * head that is named is told; heads tell each other by way of data nodes.
 *
 * @module
 */

import { askStatus, askToForget } from "../lib/system/ask_status.ts";
import { StartError } from "../lib/system/start_error.ts";

/** Time for one head to answer, in ms. */
const ANSWER_MS_MAX = 3_000;

/**
 * Time for another head, at which the data node is a member, to hear of it and
 * to contradict, in ms: two hops by way of any data node.
 */
const CONTRADICTION_MS = 1_000;

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
    await assertForgotten(heads, id);
    return `dataNode ${id} is forgotten by ${heads.join(", ")}`;
  }
  const reasons = failed.map(({ address, failure }) =>
    `${address}: ${failure}`
  );
  throw new StartError(`Cannot forget dataNode ${id}: ${reasons.join("; ")}`);
}

/** @throws {StartError} It is here after all, at a head that was not asked. */
async function assertForgotten(
  heads: readonly string[],
  id: string,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, CONTRADICTION_MS));
  for (const address of heads) {
    const status = await askStatus(address, ANSWER_MS_MAX);
    if (typeof status === "string") continue;
    if (status.nodes.find((node) => node.id === id)?.state !== "away") continue;
    throw new StartError(
      `Cannot forget dataNode ${id}: it is a member at another head; stop it ` +
        "first",
    );
  }
}
