/**
 * Claims: a directory belongs to one process, by a lock that the operating
 * system takes back when the process ends, however it ends.
 *
 * `DIR/*` leaves the choice to the process: it claims the first free one of
 * `DIR/1`, `DIR/2`, … . So any number of like containers share a volume and
 * not a directory, and as many as there were take up all that was stored.
 *
 * @module
 */

import { cannotUseDirectory } from "./start_error.ts";
import { bytesOf } from "../base/ascii.ts";
import { writeAllSync } from "./write_all.ts";
import { LOCK_FILE } from "./deno_disk.ts";
import { makeDirectory } from "./make_directory.ts";

const ANY_OF = "/*";

/** A directory that this process has for itself. */
export interface Claim {
  readonly path: string;
  /** Gives it free. */
  close(): void;
}

/**
 * Claims a directory, and makes it if it is not there.
 *
 * @param path A directory, or `DIR/*`.
 * @param usedMark Of `DIR/*`, those with a file of this name are claimed
 * before others.
 * @returns Undefined when another process has it.
 * @throws {StartError} It cannot be made or written.
 */
export function claim(path: string, usedMark: string): Claim | undefined {
  if (!path.endsWith(ANY_OF)) return claimOne(path);
  // This comes to an end: each round that claims nothing was one in which other
  // processes claimed all that was free, and they are not endlessly many.
  for (;;) {
    for (const place of inOrderOfUse(path, usedMark)) {
      const claimed = claimOne(place);
      if (claimed !== undefined) return claimed;
    }
  }
}

/**
 * The directories in `path`, itself or some of `DIR/*`, that processes of this
 * host have claimed.
 *
 * @throws {StartError} They cannot be read.
 */
export function claimedHere(path: string): string[] {
  return (path.endsWith(ANY_OF) ? numbered(path) : [path]).filter(isHeldHere);
}

function claimOne(path: string): Claim | undefined {
  try {
    makeDirectory(path);
    const lock = Deno.openSync(`${path}/${LOCK_FILE}`, {
      read: true,
      write: true,
      create: true,
    });
    if (!lock.tryLockSync(true)) {
      lock.close();
      return undefined;
    }
    nameHost(lock);
    return { path, close: () => lock.close() };
  } catch (error) {
    throw cannotUseDirectory(path, "--dir", error);
  }
}

/**
 * Writes the host's name into a lock file, since the containers of a volume
 * must tell their own claims from those of others.
 */
function nameHost(lock: Deno.FsFile): void {
  const name = bytesOf(`${Deno.hostname()}\n`);
  try {
    // In place: a full disk may have no block for what was cut off before.
    writeAllSync(lock, name);
    lock.truncateSync(name.length);
  } catch {
    // Only `--check` wants it, and a full disk can still be read from.
  }
}

function isHeldHere(path: string): boolean {
  const name = `${path}/${LOCK_FILE}`;
  try {
    // First, since even a look at the lock of another is in the way of one that
    // starts there.
    if (Deno.readTextFileSync(name).trim() !== Deno.hostname()) return false;
    using lock = Deno.openSync(name, { read: true });
    return !lock.tryLockSync(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw cannotUseDirectory(path, "--dir", error);
  }
}

/** The places that have been used before, the others, and one more. */
function inOrderOfUse(path: string, usedMark: string): string[] {
  const places = numbered(path);
  const isUsed = (place: string) => hasFile(`${place}/${usedMark}`);
  return [
    ...places.filter(isUsed),
    ...places.filter((place) => !isUsed(place)),
    `${parentOf(path)}${numberOf(places.at(-1) ?? "0") + 1}`,
  ];
}

/** Those of `DIR/1`, `DIR/2`, … that there are, in their order. */
function numbered(path: string): string[] {
  const parent = parentOf(path);
  try {
    makeDirectory(parent);
    return [...Deno.readDirSync(parent)]
      .filter(({ name }) => /^[1-9]\d*$/.test(name))
      .map(({ name }) => parent + name)
      .sort((a, b) => numberOf(a) - numberOf(b));
  } catch (error) {
    throw cannotUseDirectory(parent, "--dir", error);
  }
}

/** `DIR/` of `DIR/*`. */
function parentOf(path: string): string {
  return path.slice(0, -1);
}

function numberOf(place: string): number {
  return Number(place.slice(place.lastIndexOf("/") + 1));
}

function hasFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
