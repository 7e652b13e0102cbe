/**
 * A real directory that loses power with its process: what was appended and
 * not synced is not in the file, and of what was being synced any part may be.
 *
 * Killing the process with SIGKILL is then what a power cut is to a machine.
 * Only appends are lossy; the rest is done by the real disk at once.
 */

import type { Disk } from "../../lib/store/disk.ts";
import { DenoDisk } from "../../lib/system/deno_disk.ts";

/** Time that a sync takes, in ms, at most. */
const SYNC_MS_MAX = 15;

/** Chance that a sync brings a part to the disk some ms before the rest. */
const TORN_CHANCE = 0.5;

/** See the module. */
export function lossyDisk(
  directory: string,
  disk: Disk = new DenoDisk(directory, true),
): Disk {
  const append = (
    name: string,
    bytes: Uint8Array,
    done: (failure: string | undefined) => void,
  ) => disk.append(name, bytes, done);
  return {
    another: () => lossyDisk(directory, disk.another()),
    list: () => disk.list(),
    sizeOf: (name) => disk.sizeOf(name),
    read: (name, offset, into) => disk.read(name, offset, into),
    load: (name, offset, into, done) => disk.load(name, offset, into, done),
    replace: (name, bytes) => disk.replace(name, bytes),
    write: (name, bytes, done) => disk.write(name, bytes, done),
    rewrite: (name, size) => disk.rewrite(name, size),
    remove: (names) => disk.remove(names),
    hold: (name) => disk.hold(name),
    check: (name, size) => disk.check(name, size),
    gone: () => disk.gone(),
    sync: (name) => disk.sync(name),
    truncate: (name, size) => disk.truncate(name, size),
    rename: (from, to) => disk.rename(from, to),
    append(name, bytes, done) {
      const torn = Math.random() < TORN_CHANCE
        ? Math.floor(Math.random() * bytes.length)
        : 0;
      after(() => {
        if (torn === 0) return append(name, bytes, done);
        append(name, bytes.subarray(0, torn), (failure) => {
          if (failure !== undefined) return done(failure);
          after(() => append(name, bytes.subarray(torn), done));
        });
      });
    },
  };
}

function after(run: () => void): void {
  setTimeout(run, Math.random() * SYNC_MS_MAX);
}
