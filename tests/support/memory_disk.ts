/** A disk in memory whose syncs a test completes, or fails, by hand. */

import type { Disk } from "../../lib/store/disk.ts";

interface Pending {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether there was such a file when it was begun. */
  readonly isThere: boolean;
  readonly done: (failure: string | undefined) => void;
}

export class MemoryDisk implements Disk {
  readonly files: Map<string, Uint8Array>;
  /** Other writers to the same files. */
  readonly others: MemoryDisk[] = [];
  /** The append that waits for its sync; there is at most one. */
  pending: Pending | undefined;
  /** Each tells of a load that is done. */
  readonly loads: (() => void)[] = [];
  /** Each tells of a write that is done. */
  readonly writes: (() => void)[] = [];
  /** Why the directory is not ours any more. */
  goneBecause: string | undefined;
  /** Files that others have replaced since they were held. */
  readonly replaced: Set<string> = new Set();
  /** How many appends were begun. */
  appends = 0;

  constructor(files: Map<string, Uint8Array> = new Map()) {
    this.files = files;
  }

  /** Another process puts a file in the place of one. */
  replaceUnder(name: string, bytes: Uint8Array): void {
    this.files.set(name, bytes);
    this.replaced.add(name);
    for (const other of this.others) other.replaced.add(name);
  }

  another(): MemoryDisk {
    const other = new MemoryDisk(this.files);
    this.others.push(other);
    return other;
  }

  list(): string[] {
    return [...this.files.keys()];
  }

  sizeOf(name: string): number {
    return this.files.get(name)?.length ?? -1;
  }

  read(name: string, offset: number, into: Uint8Array): number {
    const part = this.bytes(name).subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  load(
    name: string,
    offset: number,
    into: Uint8Array,
    done: (count: number, failure: string | undefined) => void,
  ): void {
    const count = this.read(name, offset, into);
    this.loads.push(() => done(count, undefined));
  }

  replace(name: string, bytes: Uint8Array): void {
    if (this.goneBecause !== undefined) throw new Error(this.goneBecause);
    this.files.set(name, bytes.slice());
  }

  write(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    const copy = bytes.slice();
    this.writes.push(() => {
      let failure: string | undefined;
      try {
        this.replace(name, copy);
      } catch (error) {
        failure = (error as Error).message;
      }
      done(failure);
    });
  }

  sync(_name: string): void {}

  rewrite(name: string, size: number): void {
    this.truncate(name, size);
  }

  remove(names: readonly string[]): void {
    for (const name of names) this.files.delete(name);
  }

  hold(name: string): void {
    this.replaced.delete(name);
  }

  check(name: string, size: number): string | undefined {
    const found = this.sizeOf(name);
    if (this.goneBecause !== undefined) return this.goneBecause;
    if (found < 0) return `${name} was moved away or removed`;
    if (this.replaced.has(name)) return `${name} was replaced by another file`;
    if (found === size) return undefined;
    return found < size
      ? `${name} was cut short`
      : `${name} was written to by another`;
  }

  gone(): string | undefined {
    return this.goneBecause;
  }

  truncate(name: string, size: number): void {
    this.files.set(name, this.bytes(name).slice(0, size));
  }

  rename(from: string, to: string): void {
    this.files.set(to, this.bytes(from));
    this.files.delete(from);
  }

  append(
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    if (this.pending !== undefined) throw new Error("Two appends at once");
    this.appends++;
    const isThere = this.files.has(name);
    this.pending = { name, bytes, isThere, done };
  }

  /** The sync of the pending append succeeds. */
  syncs(): void {
    this.#finish(undefined, 1);
  }

  /** It fails, after a part of the bytes was written. */
  fail(reason: string, written = 0.5): void {
    this.#finish(reason, written);
  }

  /** The content of a file as text; empty when there is none. */
  text(name: string): string {
    return new TextDecoder().decode(this.files.get(name));
  }

  bytes(name: string): Uint8Array {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`No file '${name}'`);
    return bytes;
  }

  #finish(failure: string | undefined, written: number): void {
    const pending = this.pending;
    if (pending === undefined) throw new Error("Nothing to sync");
    this.pending = undefined;
    const { name, isThere } = pending;
    if (isThere && !this.files.has(name) || this.replaced.has(name)) {
      // The bytes went to the file that was open.
      pending.done(failure);
      return;
    }
    const before = this.files.get(pending.name) ?? new Uint8Array(0);
    const count = Math.floor(pending.bytes.length * written);
    const after = new Uint8Array(before.length + count);
    after.set(before);
    after.set(pending.bytes.subarray(0, count), before.length);
    this.files.set(pending.name, after);
    pending.done(failure);
  }
}
