/** What the bench loads: a peer, and how it is started. */

import { type Program, start } from "../support/program.ts";
import type { ProtocolName } from "./load/protocols.ts";

/** When a peer answers that it has a message. */
export type Durability =
  /** When it is synced to disk. */
  | "synced"
  /** When the operating system has it, or sooner; a power cut loses it. */
  | "not synced"
  /** It keeps nothing. */
  | "kept nowhere";

/** A peer of the bench. */
export interface Target {
  readonly name: string;
  readonly durability: Durability;
  /** What the load generator speaks; `disk` has it write by itself. */
  readonly protocol: ProtocolName | "disk";
  /**
   * Starts it, with its files in a directory.
   *
   * @returns Its processes, by what they are called.
   * @throws {LeftOut} It cannot be had here.
   */
  start(port: number, directory: string): Promise<Map<string, Program>>;
}

/** A peer that cannot be measured here, and why. */
export class LeftOut extends Error {}

/** Starts one program. @throws {LeftOut} It is not installed. */
export function startOne(
  ...[command, args, options]: Parameters<typeof start>
): Program {
  try {
    return start(command, args, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new LeftOut(`there is no ${command}`);
  }
}

/** A peer of one program that says when it is ready. */
export async function oneThatSays(
  ready: RegExp,
  name: string,
  command: string,
  args: readonly string[],
): Promise<Map<string, Program>> {
  const program = startOne(command, args);
  await program.line(ready);
  return new Map([[name, program]]);
}

/** Pause before calling again one that does not listen yet, in ms. */
const LOOK_AGAIN_MS = 20;

/** A peer of one program that does not say when it is ready. */
export async function oneThatListens(
  port: number,
  name: string,
  command: string,
  args: readonly string[],
): Promise<Map<string, Program>> {
  const program = startOne(command, args);
  for (let i = 0;; i++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return new Map([[name, program]]);
    } catch (error) {
      if (i === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}
