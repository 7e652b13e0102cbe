/**
 * The disk of a simulated data node.
 *
 * Fault model:
 * - What was appended and not synced may be lost when the process dies with
 *   its machine, in part: any prefix of it may have reached the disk, and the
 *   rest is gone (a torn write).
 * - A sync can fail; what it was to sync may be on the disk or not. If not, it
 *   can be read all the same, counts as clean, and no later sync writes it:
 *   only what is written anew is durable.
 * - The disk can be full: a part of the bytes is written, none is synced.
 * - A sync takes its time, sometimes long.
 * - Any byte of what was synced can flip.
 * - Others may rename, replace, cut or remove files, or the whole directory,
 *   while a process uses them: it goes on with the files that it has open.
 * - Renames, truncations and whole small files are durable when they are done.
 */

import type { Disk } from "../../lib/store/disk.ts";
import { dataSegments } from "../../lib/store/segments.ts";
import type { Process, World } from "./world.ts";

/** How a disk behaves. */
export interface DiskFaults {
  /** Time of a sync, in ms: at least, and at most. */
  readonly syncMs: readonly [number, number];
  /** Chance that a sync fails. */
  readonly syncFailureChance: number;
}

interface File {
  bytes: Uint8Array;
  length: number;
  synced: number;
  /** Here a stretch begins that is readable, called clean, and not durable. */
  undurableFrom: number;
  /** Past its end. */
  undurableTo: number;
}

const NO_DIRECTORY = "No such file or directory (os error 2)";
const NO_SPACE = "No space left on device (os error 28)";

/** A disk: it outlives the processes that use it. */
export class SimDisk {
  readonly files = new Map<string, File>();
  readonly #world: World;
  readonly #faults: DiskFaults;
  /** Stands for the directory; another stands in its place when it is gone. */
  #directory = {};
  /** Whether there is one at all. */
  #isThere = true;
  #powerLosses = 0;
  /** Whether there is no room left. */
  isFull = false;
  /** Whether reading beside other work never ends. */
  hangsOnReads = false;

  constructor(world: World, faults: DiskFaults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** The disk as one process uses it. */
  usedBy(process: Process, directory = this.#directory): Disk {
    const held = new Map<string, File | undefined>();
    const replaced = new Map<string, number>();
    let open: { readonly name: string; readonly file: File } | undefined;
    const isGone = () => directory !== this.#directory;
    const replace = (name: string, bytes: Uint8Array) => {
      if (!this.#isThere) throw new Error(NO_DIRECTORY);
      if (isGone()) throw new Error("the directory is gone");
      if (this.isFull && bytes.length > 0) throw new Error(NO_SPACE);
      if (open?.name === name) open = undefined;
      replaced.set(name, (replaced.get(name) ?? 0) + 1);
      this.files.set(name, fileOf(bytes.slice()));
    };
    return {
      another: () => this.usedBy(process, directory),
      list: () => [...this.files.keys()],
      sizeOf: (name) => this.files.get(name)?.length ?? -1,
      read: (name, offset, into) => readFrom(this.#file(name), offset, into),
      load: (name, offset, into, done) => {
        if (this.hangsOnReads) return;
        const file = this.files.get(name);
        process.after(this.#world.between(0, 3), () => {
          if (file === undefined) done(0, `No file '${name}'`);
          else done(readFrom(file, offset, into), undefined);
        });
      },
      replace,
      write: (name, bytes, done) => {
        const times = replaced.get(name);
        const copy = bytes.slice();
        const [min, max] = this.#faults.syncMs;
        process.after(min + this.#world.random() * (max - min), () => {
          if (replaced.get(name) !== times) return done(undefined);
          try {
            replace(name, copy);
            done(undefined);
          } catch (error) {
            done((error as Error).message);
          }
        });
      },
      sync: (name) => {
        const file = this.#file(name);
        file.synced = file.length;
      },
      rewrite: (name, size) => {
        const { bytes, length } = this.#file(name);
        replace(name, bytes.subarray(0, Math.min(length, size)));
      },
      truncate: (name, size) => {
        open = undefined;
        cut(this.#file(name), size);
      },
      rename: (from, to) => {
        open = undefined;
        this.renameUnder(from, to);
      },
      remove: (names) => {
        for (const name of names) this.files.delete(name);
      },
      hold: (name) => void held.set(name, this.files.get(name)),
      check: (name, size) => {
        const found = this.files.get(name);
        if (isGone()) return "the directory is gone";
        if (found === undefined) return `${name} was moved away or removed`;
        if (found !== held.get(name)) return `${name} was replaced`;
        return found.length === size ? undefined : `${name} was cut short`;
      },
      gone: () => isGone() ? "the directory is gone" : undefined,
      append: (name, bytes, done) => {
        if (open?.name !== name) {
          if (!this.#isThere || isGone()) {
            process.after(0, () => done(NO_DIRECTORY));
            return;
          }
          const file = this.files.get(name) ?? fileOf(new Uint8Array());
          this.files.set(name, file);
          open = { name, file };
        }
        this.#append(process, open.file, bytes, done);
      },
    };
  }

  /** The machine lost power: what was not synced is gone, or torn. */
  losePower(): void {
    this.#powerLosses++;
    for (const file of this.files.values()) {
      const unsynced = file.length - file.synced;
      file.length = file.synced +
        (this.#world.chance(0.5) ? this.#world.between(0, unsynced) : 0);
      if (file.undurableFrom < file.length) {
        if (file.undurableTo >= file.length) file.length = file.undurableFrom;
        else file.bytes.fill(0, file.undurableFrom, file.undurableTo);
      }
      cut(file, file.length);
    }
  }

  /** As `mv`, by another process. */
  renameUnder(from: string, to: string): void {
    this.files.set(to, this.#file(from));
    this.files.delete(from);
  }

  /** As an editor, or `sed -i`: a copy takes the place of the file. */
  replaceUnder(name: string): void {
    const { bytes, length } = this.#file(name);
    this.files.set(name, fileOf(bytes.slice(0, length)));
  }

  /** As `touch`: an empty file, where there is none. */
  createUnder(name: string): void {
    this.files.set(name, fileOf(new Uint8Array()));
  }

  /** As `truncate -s`, or `: >`, by another process. */
  truncateUnder(name: string, size: number): void {
    cut(this.#file(name), size);
  }

  /** As `rm`, by another process. @returns Whether there was such a file. */
  removeUnder(name: string): boolean {
    return this.files.delete(name);
  }

  /**
   * As `rm -rf`: the directory is gone, with all that was in it.
   *
   * @param isMadeAnew Whether an empty one is made in its place.
   */
  removeDirectory(isMadeAnew: boolean): void {
    this.files.clear();
    this.#directory = {};
    this.#isThere = isMadeAnew;
  }

  /** All that the disk holds now, for {@linkcode restore}. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map(
      [...this.files].map((
        [name, { bytes, length }],
      ) => [name, bytes.slice(0, length)]),
    );
  }

  /** As a directory put back from a backup, while no process uses it. */
  restore(snapshot: ReadonlyMap<string, Uint8Array>): void {
    this.files.clear();
    for (const [name, bytes] of snapshot) {
      this.files.set(name, fileOf(bytes.slice()));
    }
  }

  /** Flips a bit of a synced byte. @returns Whether there was one. */
  flipBit(name = dataSegments.active): boolean {
    const file = this.files.get(name);
    if (file === undefined || file.synced === 0) return false;
    const at = this.#world.between(0, file.synced - 1);
    file.bytes[at] = file.bytes[at]! ^ (1 << this.#world.between(0, 7));
    return true;
  }

  /** What the disk holds of a file now, as text of Latin letters. */
  text(name = dataSegments.active): string {
    const file = this.files.get(name);
    if (file === undefined) return "";
    return new TextDecoder().decode(file.bytes.subarray(0, file.length));
  }

  #append(
    process: Process,
    file: File,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    const world = this.#world;
    const count = this.isFull ? world.between(0, bytes.length) : bytes.length;
    write(file, bytes.subarray(0, count));
    const end = file.length;
    const failure = this.isFull
      ? NO_SPACE
      : world.chance(this.#faults.syncFailureChance)
      ? "Input/output error (os error 5)"
      : undefined;
    const [min, max] = this.#faults.syncMs;
    const takesMs = min + world.random() * (max - min);
    const powerLosses = this.#powerLosses;
    // The system goes on with it when the process is killed.
    world.after(takesMs, () => {
      if (powerLosses !== this.#powerLosses) return;
      // A failed sync may have synced all the same.
      if (failure === undefined || world.chance(0.5)) {
        file.synced = Math.max(file.synced, Math.min(end, file.length));
      } else if (failure !== NO_SPACE) {
        file.undurableFrom = Math.min(file.undurableFrom, file.synced);
        file.undurableTo = Math.min(end, file.length);
      }
    });
    process.after(takesMs, () => done(failure));
  }

  #file(name: string): File {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`No file '${name}'`);
    return file;
  }
}

function fileOf(bytes: Uint8Array): File {
  const { length } = bytes;
  return {
    bytes,
    length,
    synced: length,
    undurableFrom: Infinity,
    undurableTo: 0,
  };
}

function readFrom(file: File, offset: number, into: Uint8Array): number {
  const end = Math.min(offset + into.length, file.length);
  const part = file.bytes.subarray(offset, end);
  into.set(part);
  return part.length;
}

/** Cuts a file, durably. */
function cut(file: File, size: number): void {
  file.length = Math.min(file.length, size);
  file.synced = file.length;
  file.undurableTo = Math.min(file.undurableTo, file.length);
  if (file.undurableFrom >= file.undurableTo) file.undurableFrom = Infinity;
}

function write(file: File, bytes: Uint8Array): void {
  const needed = file.length + bytes.length;
  if (needed > file.bytes.length) {
    const grown = new Uint8Array(Math.max(needed, 2 * file.bytes.length));
    grown.set(file.bytes.subarray(0, file.length));
    file.bytes = grown;
  }
  file.bytes.set(bytes, file.length);
  file.length = needed;
}
