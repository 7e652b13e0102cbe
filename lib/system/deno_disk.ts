/**
 * A real directory as a {@linkcode Disk}.
 *
 * @module
 */

import { syncDirectory } from "./make_directory.ts";
import { writeAll, writeAllSync } from "./write_all.ts";
import type { Disk } from "../store/disk.ts";
import { QuickSync } from "./quick_sync.ts";

/** Locked for as long as a process has the directory (claim.ts). */
export const LOCK_FILE = "node.lock";

/** Bytes copied at a time. */
const COPY_BYTES = 1024 * 1024;

/** What tells a file from others, whatever it is called. */
interface Identity {
  readonly dev: number | null;
  readonly ino: number | null;
}

/** A directory on disk. */
export class DenoDisk implements Disk {
  readonly #directory: string;
  readonly #sync: boolean;
  readonly #quick = new QuickSync();
  /** The file being appended to, kept open. */
  #file: Deno.FsFile | undefined;
  #fileName = "";
  /** Whether it was the one that is held when it was opened. */
  #isFileHeld = false;
  /**
   * Whether a name may have been made or changed, and the directory not synced
   * since: also by a process before this one, which was killed in between.
   */
  #isDirectoryStale = true;
  /** The lock when this process got the directory; undefined without one. */
  readonly #lock: Identity | undefined;
  /** Whether it was another, or none, when that was looked at last. */
  #wasGone = false;
  readonly #held = new Map<string, Identity | undefined>();
  /** How often a file was replaced, for those that are written beside. */
  readonly #replaced = new Map<string, number>();

  /**
   * @param directory Exists.
   * @param sync Whether appends reach the disk before they are done; false
   * trusts the operating system, and a power cut then loses what was answered.
   * @param like One that has had the directory from the start.
   */
  constructor(directory: string, sync: boolean, like?: DenoDisk) {
    this.#directory = directory;
    this.#sync = sync;
    this.#lock = like === undefined ? this.#identityOf(LOCK_FILE) : like.#lock;
  }

  another(): DenoDisk {
    return new DenoDisk(this.#directory, this.#sync, this);
  }

  list(): string[] {
    const names: string[] = [];
    for (const entry of Deno.readDirSync(this.#directory)) {
      if (entry.isFile) names.push(entry.name);
    }
    return names;
  }

  sizeOf(name: string): number {
    try {
      return Deno.statSync(this.#path(name)).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return -1;
      throw error;
    }
  }

  read(name: string, offset: number, into: Uint8Array): number {
    using file = Deno.openSync(this.#path(name));
    file.seekSync(offset, Deno.SeekMode.Start);
    let length = 0;
    while (length < into.length) {
      const count = file.readSync(into.subarray(length));
      if (count === null) break;
      length += count;
    }
    return length;
  }

  load(
    name: string,
    offset: number,
    into: Uint8Array,
    done: (count: number, failure: string | undefined) => void,
  ): void {
    // Opened now: a rename that follows does not change which file it is.
    this.#load(name, offset, into).then(
      (count) => done(count, undefined),
      (error) => done(0, wordsOf(error)),
    );
  }

  async #load(
    name: string,
    offset: number,
    into: Uint8Array,
  ): Promise<number> {
    using file = Deno.openSync(this.#path(name));
    file.seekSync(offset, Deno.SeekMode.Start);
    let length = 0;
    while (length < into.length) {
      const count = await file.read(into.subarray(length));
      if (count === null) break;
      length += count;
    }
    return length;
  }

  replace(name: string, bytes: Uint8Array): void {
    this.#writeNew(name, (file) => writeAllSync(file, bytes));
  }

  write(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    this.#write(name, bytes).then(
      () => done(undefined),
      (error) => done(wordsOf(error)),
    );
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    this.#mindGone();
    const times = this.#replaced.get(name);
    const temporary = this.#path(`${name}.next`);
    try {
      using file = await Deno.open(temporary, newFile);
      await writeAll(file, bytes);
      await file.sync();
    } catch (error) {
      discard(temporary);
      throw error;
    }
    // What has been written since is newer.
    if (this.#replaced.get(name) !== times) return;
    this.#mindGone();
    Deno.renameSync(temporary, this.#path(name));
    using directory = await Deno.open(this.#directory);
    await directory.sync();
  }

  sync(name: string): void {
    {
      using file = Deno.openSync(this.#path(name), { write: true });
      file.syncSync();
    }
    this.#syncDirectory();
  }

  rewrite(name: string, size: number): void {
    const buffer = new Uint8Array(COPY_BYTES);
    this.#writeNew(name, (file) => {
      for (let at = 0; at < size;) {
        const part = buffer.subarray(0, Math.min(buffer.length, size - at));
        const count = this.read(name, at, part);
        if (count === 0) throw new Error(`${name} is shorter than it was`);
        writeAllSync(file, part.subarray(0, count));
        at += count;
      }
    });
  }

  truncate(name: string, size: number): void {
    this.#close();
    using file = Deno.openSync(this.#path(name), { write: true });
    file.truncateSync(size);
    file.syncSync();
  }

  rename(from: string, to: string): void {
    this.#close();
    this.#rename(this.#path(from), this.#path(to));
  }

  remove(names: readonly string[]): void {
    for (const name of names) Deno.removeSync(this.#path(name));
    this.#isDirectoryStale = true;
    this.#syncDirectory();
  }

  hold(name: string): void {
    this.#held.set(name, this.#identityOf(name));
  }

  check(name: string, size: number): string | undefined {
    // A directory without our lock may be another's by now, whatever is in it.
    // That is looked at when it was so before, and by the caller of `gone`:
    // each commit is checked, and a second look would be a fiftieth of its
    // time.
    const gone = this.#wasGone ? this.gone() : undefined;
    return gone ?? this.#checkFile(name, size);
  }

  #checkFile(name: string, size: number): string | undefined {
    const held = this.#held.get(name);
    try {
      const found = Deno.statSync(this.#path(name));
      if (!isSame(found, held) && !this.#isOpen(name, found)) {
        return this.gone() ?? `${name} was replaced by another file`;
      }
      if (found.size === size) return undefined;
      return this.gone() ??
        (found.size < size
          ? `${name} was cut short`
          : `${name} was written to by another`);
    } catch (error) {
      return error instanceof Deno.errors.NotFound
        ? this.gone() ?? `${name} was moved away or removed`
        : wordsOf(error);
    }
  }

  gone(): string | undefined {
    const lock = this.#lock;
    if (lock === undefined) return undefined;
    this.#wasGone = false;
    try {
      if (isSame(this.#identityOf(LOCK_FILE), lock)) return undefined;
    } catch {
      // Who cannot look may not be robbed.
      return undefined;
    }
    this.#wasGone = true;
    return `the directory '${this.#directory}', or its ${LOCK_FILE}, was moved ` +
      "away, replaced or removed: put it back, or start this dataNode again";
  }

  append(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    this.#append(name, bytes).then(
      () => done(undefined),
      (error) => done(wordsOf(error)),
    );
  }

  async #append(name: string, bytes: Uint8Array): Promise<void> {
    const file = this.#open(name);
    this.#syncDirectory();
    writeAllSync(file, bytes);
    if (!this.#sync) return;
    const startMs = performance.now();
    if (this.#quick.suits(bytes.length, startMs)) file.syncDataSync();
    else await file.syncData();
    const endMs = performance.now();
    this.#quick.took(endMs - startMs, endMs);
  }

  #open(name: string): Deno.FsFile {
    if (this.#file !== undefined && this.#fileName === name) return this.#file;
    this.#close();
    const before = this.#identityOf(name);
    if (before === undefined) {
      this.#mindGone();
      this.#isDirectoryStale = true;
    }
    this.#isFileHeld = isSame(before, this.#held.get(name));
    const file = Deno.openSync(this.#path(name), {
      append: true,
      create: true,
    });
    this.#file = file;
    this.#fileName = name;
    return file;
  }

  /** Has `fill` write a file, which takes the place of `name` when it is synced. */
  #writeNew(name: string, fill: (file: Deno.FsFile) => void): void {
    this.#mindGone();
    const temporary = this.#path(`${name}.new`);
    try {
      using file = Deno.openSync(temporary, newFile);
      fill(file);
      file.syncSync();
    } catch (error) {
      discard(temporary);
      throw error;
    }
    if (this.#fileName === name) this.#close();
    this.#replaced.set(name, (this.#replaced.get(name) ?? 0) + 1);
    this.#rename(temporary, this.#path(name));
  }

  /**
   * Whether a file is the one that is being appended to: some file systems give
   * a file another identity when it is written to.
   */
  #isOpen(name: string, { dev, ino }: Identity): boolean {
    if (this.#file === undefined || this.#fileName !== name) return false;
    if (!this.#isFileHeld || !isSame(this.#file.statSync(), { dev, ino })) {
      return false;
    }
    this.#held.set(name, { dev, ino });
    return true;
  }

  /**
   * Nothing is made in a directory that has taken the place of ours.
   *
   * @throws It has.
   */
  #mindGone(): void {
    const gone = this.gone();
    if (gone !== undefined) throw new Error(gone);
  }

  #identityOf(name: string): Identity | undefined {
    try {
      const { dev, ino } = Deno.statSync(this.#path(name));
      return { dev, ino };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  #rename(from: string, to: string): void {
    Deno.renameSync(from, to);
    this.#isDirectoryStale = true;
    this.#syncDirectory();
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The names of files are in the directory, which is synced by itself. */
  #syncDirectory(): void {
    if (!this.#isDirectoryStale) return;
    syncDirectory(this.#directory);
    this.#isDirectoryStale = false;
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

const newFile: Deno.OpenOptions = { write: true, create: true, truncate: true };

function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev;
}

/** Half a file on a full disk is only in the way. */
function discard(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It could not even be made; why, is said already.
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
