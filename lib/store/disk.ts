/**
 * The disk as the store sees it: one directory of files that are appended to.
 *
 * @module
 */

/**
 * Files of one directory, as one writer has them. `append`, `check`, `load` and
 * `write` are for every day; the rest is for start-up and rare events, since
 * the process waits for it.
 */
export interface Disk {
  /** These files for another writer: appends of two writers go side by side. */
  another(): Disk;
  /** Names of the files. */
  list(): string[];
  /** Size of a file in bytes, or -1 when there is none. */
  sizeOf(name: string): number;
  /**
   * Reads from `offset` on.
   *
   * @returns How many bytes were read; 0 at the end of the file.
   */
  read(name: string, offset: number, into: Uint8Array): number;
  /**
   * Reads from `offset` on, beside other work. Exactly one call of `done`
   * follows, never during this call; until then `into` belongs to the disk.
   * What is renamed meanwhile is read all the same.
   *
   * @param done Gets how many bytes were read, or the reason why none were.
   */
  load(
    name: string,
    offset: number,
    into: Uint8Array,
    done: (count: number, failure: string | undefined) => void,
  ): void;
  /** Writes a whole file; after a crash it is the old or the new one. */
  replace(name: string, bytes: Uint8Array): void;
  /**
   * Writes a whole file as {@linkcode replace} does, beside other work. Exactly
   * one call of `done` follows, never during this call. What `replace` writes
   * meanwhile stays.
   *
   * @param done Gets the reason in words when it may not be on disk.
   */
  write(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void;
  /** Makes durable what a file holds, and its name. */
  sync(name: string): void;
  /**
   * Writes the first `size` bytes of a file anew, in its place. Unlike
   * {@linkcode sync}, that makes durable what a sync failed to.
   */
  rewrite(name: string, size: number): void;
  /** Cuts a file, durably. */
  truncate(name: string, size: number): void;
  /** Renames a file, durably. */
  rename(from: string, to: string): void;
  /** Removes files, durably. */
  remove(names: readonly string[]): void;
  /** The file that has this name now is the one that {@linkcode check} wants. */
  hold(name: string): void;
  /**
   * Whether the name still stands for the file that is held, and for all of it:
   * others may rename, replace, cut or remove it at any time.
   *
   * @returns What has become of it, in words; undefined when all is well.
   */
  check(name: string, size: number): string | undefined;
  /**
   * Why this directory is not this process's any more, if it is not. As long as
   * that is so, no file is made or replaced: it fails with this reason.
   */
  gone(): string | undefined;
  /**
   * Appends to a file, made if needed, and syncs it. Exactly one call of
   * `done` follows, never during this call; until then `bytes` must not
   * change, and no other append may begin.
   *
   * @param done Gets the reason in words when the bytes may not be on disk.
   */
  append(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void;
}
