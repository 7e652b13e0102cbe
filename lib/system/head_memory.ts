/**
 * A head's memory on disk: which data nodes there are, in a directory that no
 * other head may have at the same time, since two would write over each other.
 *
 * @module
 */

import { cannotUseDirectory, StartError } from "./start_error.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { newNodeId } from "../base/random_names.ts";
import type { Random } from "../base/ports.ts";
import { DenoDisk } from "./deno_disk.ts";
import {
  formatNodes,
  type NodesFile,
  NodesFileError,
  parseNodes,
  parseOldNodes,
} from "../store/nodes_file.ts";

/** What is known. Not `.txt`: it is no log, and nothing for logrotate. */
const NODES_FILE = "nodes.state";

/** Where heads before 0.2 kept it. */
const OLD_NODES_FILE = "nodes.txt";

const LOCK_FILE = "head.lock";

/** How often it is looked whether the file is still there, in ms. */
const LOOK_MS = 1_000;

/** What a head remembers, and where it goes on to do so. */
export interface HeadMemory {
  /** What earlier lives have left; undefined when there is nothing. */
  readonly found: NodesFile | undefined;
  /** Writes it anew, synced. @returns Why it cannot. */
  save(file: NodesFile): string | undefined;
  /** Writes it again if somebody took it away; to be called every tick. */
  look(nowMs: number): void;
}

/**
 * Opens the memory of a head.
 *
 * @param directory Exists.
 * @param random For the id of a new one; ids must not repeat.
 * @throws {StartError} Another head has the directory, or a line of the file is
 * not understood.
 */
export function openHeadMemory(
  directory: string,
  random: Random,
): HeadMemory {
  try {
    lock(directory);
    const disk = new DenoDisk(directory, true);
    const found = read(disk, directory, random);
    let last: NodesFile | undefined = found;
    let lookAtMs = 0;
    const save = (file: NodesFile): string | undefined => {
      last = file;
      try {
        disk.replace(NODES_FILE, bytesOf(formatNodes(file)));
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : `${error}`;
      }
    };
    return {
      found,
      save,
      look(nowMs) {
        if (nowMs < lookAtMs || last === undefined) return;
        lookAtMs = nowMs + LOOK_MS;
        if (disk.sizeOf(NODES_FILE) < 0) save(last);
      },
    };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw cannotUseDirectory(directory, "--log-dir", error);
  }
}

/** Held until the process ends, however it ends. */
function lock(directory: string): void {
  const file = Deno.openSync(`${directory}/${LOCK_FILE}`, {
    read: true,
    write: true,
    create: true,
  });
  if (file.tryLockSync(true)) return;
  file.close();
  throw new StartError(
    `Cannot use directory '${directory}': another head runs there; give each ` +
      "its own with --log-dir",
  );
}

function read(
  disk: DenoDisk,
  directory: string,
  random: Random,
): NodesFile | undefined {
  const name = [NODES_FILE, OLD_NODES_FILE].find((name) =>
    disk.sizeOf(name) >= 0
  );
  if (name === undefined) return undefined;
  const bytes = new Uint8Array(disk.sizeOf(name));
  const text = textOf(bytes, 0, disk.read(name, 0, bytes));
  try {
    return name === NODES_FILE
      ? parseNodes(text)
      : { owner: newNodeId(random), nodes: parseOldNodes(text) };
  } catch (error) {
    if (!(error instanceof NodesFileError)) throw error;
    throw new StartError(
      `Cannot read '${directory}/${name}': ${error.message}; mend the line, or ` +
        "move the file away: then this head knows only of dataNodes that join, " +
        "or that these know of",
      { cause: error },
    );
  }
}
