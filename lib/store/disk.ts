/**
 * The disk as the store sees it: one directory of files that are appended to.
 *
 * @module
 */

/** Files of one directory, as one writer has them. All but `append` are for start-up and rare events. */
export interface Disk {
  /** The same files for another writer: appends of two writers go side by side. */
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
   * The same beside other work. Exactly one call of `done` follows, never
   * during this call; until then `into` belongs to the disk. What is renamed
   * meanwhile is read all the same.
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
  /** Makes durable what a file holds. */
  sync(name: string): void;
  /** Cuts a file, durably. */
  truncate(name: string, size: number): void;
  /** Renames a file, durably. */
  rename(from: string, to: string): void;
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
