/**
 * A real directory as a {@linkcode Disk}.
 *
 * @module
 */

import { writeAllSync } from "../write_all.ts";
import type { Disk } from "./disk.ts";
import { QuickSync } from "./quick_sync.ts";

/** A directory on disk. */
export class DenoDisk implements Disk {
  readonly #directory: string;
  readonly #sync: boolean;
  readonly #quick = new QuickSync();
  /** The file being appended to, kept open. */
  #file: Deno.FsFile | undefined;
  #fileName = "";
  /** Whether a name was made or changed, and the directory not synced since. */
  #isDirectoryStale = false;

  /**
   * @param directory Exists.
   * @param sync Whether appends reach the disk before they are done; false
   * trusts the operating system, and a power cut then loses what was answered.
   */
  constructor(directory: string, sync: boolean) {
    this.#directory = directory;
    this.#sync = sync;
  }

  another(): DenoDisk {
    return new DenoDisk(this.#directory, this.#sync);
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
    const temporary = this.#path(`${name}.new`);
    {
      using file = Deno.openSync(temporary, {
        write: true,
        create: true,
        truncate: true,
      });
      writeAllSync(file, bytes);
      file.syncSync();
    }
    if (this.#fileName === name) this.#close();
    this.#rename(temporary, this.#path(name));
  }

  sync(name: string): void {
    using file = Deno.openSync(this.#path(name), { write: true });
    file.syncSync();
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
    if (this.sizeOf(name) < 0) this.#isDirectoryStale = true;
    const file = Deno.openSync(this.#path(name), {
      append: true,
      create: true,
    });
    this.#file = file;
    this.#fileName = name;
    return file;
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

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}

/**
 * Makes a directory, and those above it that are missing, so that a power cut
 * does not take them and the files in them away.
 *
 * @throws Whatever the operating system says.
 */
export function makeDirectory(path: string): void {
  const parent = parentOf(path);
  if (parent !== path && !exists(parent)) makeDirectory(parent);
  if (exists(path)) return;
  Deno.mkdirSync(path, { recursive: true });
  syncDirectory(parent);
}

/** As node's `dirname`, which each start would wait 8 ms for. */
function parentOf(path: string): string {
  const parent = path.replace(/\/*[^/]+\/*$/, "");
  return parent !== "" ? parent : path.startsWith("/") ? "/" : ".";
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  directory.syncSync();
}
