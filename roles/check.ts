/**
 * `--check`: is a process with these flags at work? For the health checks of
 * containers, and for a person.
 *
 * - server, head: it answers where its flags say that it listens, and does not
 *   say that something keeps it from its work;
 * - data: a process of this host has the directory, a head that its flags name
 *   has it for alive, and none knows of a reason why it could not store;
 * - client: one of its peers answers.
 *
 * @module
 */

import type { Command } from "../lib/cli/command.ts";
import { counted } from "../lib/base/counted.ts";
import { DEFAULT_PORT } from "../lib/base/limits.ts";
import { askStatus } from "../lib/system/ask_status.ts";
import { StartError } from "../lib/system/start_error.ts";
import { runningNodes } from "../lib/system/node_directory.ts";
import { type Status, unwellOf } from "../lib/wire/status.ts";

/** Time for one peer to answer, in ms: shorter than health checks wait. */
const ANSWER_MS_MAX = 3_000;

/**
 * Checks a role.
 *
 * @returns What is at work, in one line.
 * @throws {StartError} It is not, and why.
 */
export async function check(command: Command): Promise<string> {
  switch (command.role) {
    case "server":
    case "head":
      return await checkListener(command.role, command.host, command.port);
    case "data":
      return await checkData(command.dir, command.head);
    case "client":
      return await checkPeers(command.to);
  }
}

async function checkListener(
  role: "server" | "head",
  host: string,
  port: number,
): Promise<string> {
  const address = addressOf(host, port || DEFAULT_PORT);
  const status = await askStatus(address, ANSWER_MS_MAX);
  if (typeof status === "string") {
    throw new StartError(`The ${role} at ${address} does not serve: ${status}`);
  }
  if (status.role !== role) {
    throw new StartError(`At ${address} is a ${status.role}, not a ${role}`);
  }
  const unwell = unwellOf(status);
  if (unwell !== undefined) {
    throw new StartError(`The ${role} at ${address} is not well: ${unwell}`);
  }
  return `The ${role} at ${address} serves${andNodes(status)}`;
}

/** Whom to call for who listens at `host`. */
function addressOf(host: string, port: number): string {
  if (host === "0.0.0.0") return `127.0.0.1:${port}`;
  if (host === "::") return `[::1]:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function andNodes({ role, nodes }: Status): string {
  if (role !== "head") return "";
  const alive = nodes.filter(({ state }) => state === "alive").length;
  return `, with ${counted(alive, "dataNode")} alive`;
}

async function checkData(
  directory: string,
  heads: readonly string[],
): Promise<string> {
  const ids = runningNodes(directory);
  if (ids.length === 0) {
    throw new StartError(`No dataNode runs in '${directory}'`);
  }
  const answers = await askAll(heads);
  for (const id of ids) {
    const conditions = answers.map(({ address, status }) => ({
      address,
      ...conditionOf(id, status),
    }));
    // One that could not store tells each head, as long as it can reach it.
    if (
      conditions.some(({ condition }) => condition === "alive") &&
      !conditions.some(({ isUnwell }) => isUnwell)
    ) continue;
    const reasons = conditions.map(({ address, condition }) =>
      `head ${address}: ${condition}`
    );
    throw new StartError(
      `dataNode ${id} does not serve; ${reasons.join("; ")}`,
    );
  }
  return `dataNode ${ids.join(", ")} serves`;
}

/** How a head sees a data node; `alive` only if it can store as well. */
function conditionOf(
  id: string,
  status: Status | string,
): { readonly condition: string; readonly isUnwell: boolean } {
  if (typeof status === "string") return { condition: status, isUnwell: false };
  const node = status.nodes.find((node) => node.id === id);
  return {
    condition: node?.unwell ?? node?.state ?? "unknown",
    isUnwell: node?.unwell !== undefined,
  };
}

async function checkPeers(peers: readonly string[]): Promise<string> {
  const answers = await askAll(peers);
  const found = answers.find(({ status }) => typeof status !== "string");
  if (found !== undefined) return `${found.address} serves`;
  const reasons = answers.map(({ address, status }) => `${address}: ${status}`);
  throw new StartError(`No peer serves; ${reasons.join("; ")}`);
}

function askAll(addresses: readonly string[]) {
  return Promise.all(addresses.map(async (address) => ({
    address,
    status: await askStatus(address, ANSWER_MS_MAX),
  })));
}
