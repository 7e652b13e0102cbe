/**
 * The disk of a simulated data node.
 *
 * Fault model:
 * - What was appended and not synced may be lost when the process dies with
 *   its machine, in part: any prefix of it may have reached the disk, and the
 *   rest is gone (a torn write).
 * - A sync can fail; what it was to sync may be on the disk or not.
 * - The disk can be full: a part of the bytes is written, none is synced.
 * - A sync takes its time, sometimes long.
 * - Any byte of what was synced can flip.
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
}

/** A disk: it outlives the processes that use it. */
export class SimDisk {
  readonly files = new Map<string, File>();
  readonly #world: World;
  readonly #faults: DiskFaults;
  /** Whether there is no room left. */
  isFull = false;
  /** Whether reading beside other work never ends. */
  hangsOnReads = false;

  constructor(world: World, faults: DiskFaults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** The disk as one process uses it. */
  usedBy(process: Process): Disk {
    return {
      another: () => this.usedBy(process),
      list: () => [...this.files.keys()],
      sizeOf: (name) => this.files.get(name)?.length ?? -1,
      read: (name, offset, into) => {
        const file = this.#file(name);
        const part = file.bytes.subarray(
          offset,
          Math.min(offset + into.length, file.length),
        );
        into.set(part);
        return part.length;
      },
      load: (name, offset, into, done) => {
        if (this.hangsOnReads) return;
        const file = this.#file(name);
        process.after(this.#world.between(0, 3), () => {
          const part = file.bytes.subarray(
            offset,
            Math.min(offset + into.length, file.length),
          );
          into.set(part);
          done(part.length, undefined);
        });
      },
      replace: (name, bytes) => {
        this.files.set(name, {
          bytes: bytes.slice(),
          length: bytes.length,
          synced: bytes.length,
        });
      },
      sync: (name) => {
        const file = this.#file(name);
        file.synced = file.length;
      },
      truncate: (name, size) => {
        const file = this.#file(name);
        file.length = Math.min(file.length, size);
        file.synced = file.length;
      },
      rename: (from, to) => {
        this.files.set(to, this.#file(from));
        this.files.delete(from);
      },
      append: (name, bytes, done) => this.#append(process, name, bytes, done),
    };
  }

  /** The machine lost power: what was not synced is gone, or torn. */
  losePower(): void {
    for (const file of this.files.values()) {
      const unsynced = file.length - file.synced;
      file.length = file.synced +
        (this.#world.chance(0.5) ? this.#world.between(0, unsynced) : 0);
      file.synced = file.length;
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
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    const world = this.#world;
    let file = this.files.get(name);
    if (file === undefined) {
      file = { bytes: new Uint8Array(1024), length: 0, synced: 0 };
      this.files.set(name, file);
    }
    const count = this.isFull ? world.between(0, bytes.length) : bytes.length;
    write(file, bytes.subarray(0, count));
    const end = file.length;
    const failure = this.isFull
      ? "No space left on device (os error 28)"
      : world.chance(this.#faults.syncFailureChance)
      ? "Input/output error (os error 5)"
      : undefined;
    const [min, max] = this.#faults.syncMs;
    const target = file;
    process.after(min + world.random() * (max - min), () => {
      // A failed sync may have synced all the same.
      if (failure === undefined || world.chance(0.5)) {
        target.synced = Math.max(target.synced, Math.min(end, target.length));
      }
      done(failure);
    });
  }

  #file(name: string): File {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`No file '${name}'`);
    return file;
  }
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
