/** A disk in memory whose syncs a test completes, or fails, by hand. */

import type { Disk } from "../../lib/store/disk.ts";

interface Pending {
  readonly name: string;
  readonly bytes: Uint8Array;
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
  /** How many appends were begun. */
  appends = 0;

  constructor(files: Map<string, Uint8Array> = new Map()) {
    this.files = files;
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
    this.files.set(name, bytes.slice());
  }

  sync(): void {}

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
    this.pending = { name, bytes, done };
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
    const before = this.files.get(pending.name) ?? new Uint8Array(0);
    const count = Math.floor(pending.bytes.length * written);
    const after = new Uint8Array(before.length + count);
    after.set(before);
    after.set(pending.bytes.subarray(0, count), before.length);
    this.files.set(pending.name, after);
    pending.done(failure);
  }
}
