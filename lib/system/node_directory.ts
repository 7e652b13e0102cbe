/**
 * The directory of a data node: it belongs to one process, and has an id that
 * lives as long as it does.
 *
 * @module
 */

import { newNodeId } from "../base/random_names.ts";
import { NODE_ID_BYTES } from "../base/limits.ts";
import type { Random } from "../base/ports.ts";
import { cannotUseDirectory, StartError } from "./start_error.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { isNodeId } from "../base/names.ts";
import { claim, claimedHere } from "./claim.ts";
import { CONTENTS_FILE } from "../store/contents.ts";
import { DenoDisk } from "./deno_disk.ts";
import { dataSegments } from "../store/segments.ts";

const ID_FILE = "node.id";

/** A directory that this process has for itself. */
export interface NodeDirectory {
  /** Where it is. */
  readonly path: string;
  /** The id of the data node whose directory it is. */
  readonly id: string;
  /**
   * The id it had before, if its records are gone. Under that id others look
   * for what is lost, so a directory that comes back empty gets a new one.
   */
  readonly formerId: string | undefined;
  /** Gives the directory free. */
  close(): void;
}

/**
 * Opens a data node's directory, and makes it if it is not there.
 *
 * @param path A directory, or `DIR/*` for the first free one of `DIR/1`,
 * `DIR/2`, … (claim.ts).
 * @param random For the id of a new directory; ids must not repeat.
 * @throws {StartError} It cannot be written, or another process has it.
 */
export function openNodeDirectory(path: string, random: Random): NodeDirectory {
  const claimed = claim(path, ID_FILE);
  if (claimed === undefined) {
    throw new StartError(
      `Cannot use directory '${path}': another dataNode runs there; ` +
        "give each its own with --dir",
    );
  }
  try {
    const disk = new DenoDisk(claimed.path, true);
    const formerId = hasRecords(disk) ? undefined : readId(disk, claimed.path);
    if (disk.sizeOf(ID_FILE) < 0 || formerId !== undefined) {
      // What ought to be there, is another's.
      if (disk.sizeOf(CONTENTS_FILE) >= 0) disk.remove([CONTENTS_FILE]);
      disk.replace(ID_FILE, bytesOf(`${newNodeId(random)}\n`));
    }
    return { ...claimed, id: readId(disk, claimed.path)!, formerId };
  } catch (error) {
    claimed.close();
    if (error instanceof StartError) throw error;
    throw cannotUseDirectory(claimed.path, "--dir", error);
  }
}

/**
 * The ids of the data nodes of this host that run in `path`: one at most, or
 * any number with `DIR/*`.
 *
 * @throws {StartError} It cannot be read.
 */
export function runningNodes(path: string): string[] {
  return claimedHere(path).flatMap((place) =>
    readId(new DenoDisk(place, true), place) ?? []
  );
}

/** Every start makes `data.txt` at once, so without it records were lost. */
function hasRecords(disk: DenoDisk): boolean {
  return disk.sizeOf(dataSegments.active) >= 0 ||
    dataSegments.numbersIn(disk.list()).length > 0;
}

/** The id in the directory; undefined when there is none. */
function readId(disk: DenoDisk, path: string): string | undefined {
  if (disk.sizeOf(ID_FILE) < 0) return undefined;
  const bytes = new Uint8Array(256);
  const id = textOf(bytes, 0, disk.read(ID_FILE, 0, bytes)).trim();
  if (!isNodeId(id)) {
    throw new StartError(
      `Cannot read the id in '${path}/${ID_FILE}': expected ` +
        `${NODE_ID_BYTES} of a-z 0-9, found ${JSON.stringify(id)}`,
    );
  }
  return id;
}
