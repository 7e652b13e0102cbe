/**
 * The directory of a data node: it belongs to one process, and has an id that
 * lives as long as it does.
 *
 * @module
 */

import { newNodeId } from "../identity.ts";
import { NODE_ID_BYTES } from "../limits.ts";
import type { Random } from "../ports.ts";
import { cannotUseDirectory, StartError } from "../start_error.ts";
import { bytesOf, textOf } from "../wire/ascii.ts";
import { isNodeId } from "../wire/names.ts";
import { DenoDisk, makeDirectory } from "./deno_disk.ts";
import { dataSegments } from "./segments.ts";

const ID_FILE = "node.id";
const LOCK_FILE = "node.lock";

/** A directory that this process has for itself. */
export interface NodeDirectory {
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
 * The lock is the operating system's (flock), so a killed process leaves none
 * behind.
 *
 * @param random For the id of a new directory; ids must not repeat.
 * @throws {StartError} It cannot be written, or another process has it.
 */
export function openNodeDirectory(path: string, random: Random): NodeDirectory {
  const lock = openLock(path);
  try {
    const disk = new DenoDisk(path, true);
    const formerId = hasRecords(disk) ? undefined : readId(disk, path);
    if (disk.sizeOf(ID_FILE) < 0 || formerId !== undefined) {
      disk.replace(ID_FILE, bytesOf(`${newNodeId(random)}\n`));
    }
    const id = readId(disk, path)!;
    return { id, formerId, close: () => lock.close() };
  } catch (error) {
    lock.close();
    if (error instanceof StartError) throw error;
    throw cannotUseDirectory(path, "--dir", error);
  }
}

function openLock(path: string): Deno.FsFile {
  let lock: Deno.FsFile;
  try {
    makeDirectory(path);
    lock = Deno.openSync(`${path}/${LOCK_FILE}`, {
      read: true,
      write: true,
      create: true,
    });
  } catch (error) {
    throw cannotUseDirectory(path, "--dir", error);
  }
  if (!lock.tryLockSync(true)) {
    lock.close();
    throw new StartError(
      `Cannot use directory '${path}': another dataNode runs there; ` +
        "give each its own with --dir",
    );
  }
  return lock;
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
