import assert from "node:assert/strict";
import { Scrub } from "../../lib/data/scrub.ts";
import { TICK_MS } from "../../lib/base/limits.ts";
import { Journal } from "../../lib/store/journal.ts";
import { BadBlocksDisk } from "../support/bad_blocks.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { joined, lineOf } from "../support/records.ts";

const DAY_MS = 86_400_000;

/** Records of about 100 bytes each. */
function lines(first: number, count: number): Uint8Array {
  return joined(
    Array.from({ length: count }, (_, i) => lineOf(first + i, "hola")),
  );
}

/** A data node's scrub, of two sealed segments and `data.txt`. */
function newScrub(disk: MemoryDisk, clock: ManualClock, intervalMs = DAY_MS) {
  const turn = new ManualTurn();
  const events = { committed() {}, room() {}, sealed() {}, lost() {} };
  const journal = new Journal(disk, turn, events);
  journal.open(() => {});
  const told: string[] = [];
  const scrub = new Scrub(intervalMs, clock, disk, {
    journal: (lane) => lane === 0 ? journal : undefined,
    lanes: 0,
    damaged: ({ file, offset, length }) =>
      void told.push(`${file} ${offset}+${length}`),
    scrubbed: (bytes, _further, unread) =>
      void told.push(
        `scrubbed ${bytes}` +
          (unread === undefined ? "" : `, not ${unread.bytes}`),
      ),
  });
  scrub.open();
  /** Lets time pass, and the disk read. */
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) {
      clock.advance(TICK_MS);
      scrub.tick();
      while (disk.loads.length > 0) disk.loads.shift()!();
      turn.end();
    }
  };
  return { scrub, told, pass };
}

function newDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.files.set("data-000001.txt", lines(1, 5_000));
  disk.files.set("data-000002.txt", lines(5_001, 5_000));
  disk.files.set("data.txt", lines(10_001, 10));
  return disk;
}

const bytesOfAll = (disk: MemoryDisk) =>
  ["data-000001.txt", "data-000002.txt", "data.txt"]
    .reduce((sum, name) => sum + disk.bytes(name).length, 0);

Deno.test("a scrub reads everything, once an interval", () => {
  const disk = newDisk();
  const clock = new ManualClock();
  const { told, pass } = newScrub(disk, clock);
  pass(10_000);
  assert.deepEqual(told, [], "it is not time yet");
  clock.advance(DAY_MS);
  pass(10_000);
  assert.deepEqual(told, [`scrubbed ${bytesOfAll(disk)}`]);
  clock.advance(DAY_MS);
  pass(10_000);
  assert.equal(told.length, 2);
});

Deno.test("a scrub finds what rots, sets it aside, and tells it once", () => {
  const disk = newDisk();
  const clock = new ManualClock();
  const length = lineOf(5_001, "hola").length;
  const offset = 700 * length;
  disk.bytes("data-000002.txt")[offset + 40]! ^= 4;
  const { told, pass } = newScrub(disk, clock);
  for (let day = 0; day < 3; day++) {
    clock.advance(DAY_MS);
    pass(10_000);
  }
  const found = told.filter((line) => line.startsWith("damaged"));
  assert.deepEqual(found, [
    `damaged-data-000002-${offset}.txt ${offset}+${length}`,
  ]);
  assert.equal(told.length, 4);
  const aside = () => disk.bytes(`damaged-data-000002-${offset}.txt`);
  const stretch = (bytes: number) =>
    disk.bytes("data-000002.txt").slice(offset, offset + bytes);
  assert.deepEqual(aside(), stretch(length));

  // The next record rots as well: the stretch begins where it began.
  disk.bytes("data-000002.txt")[offset + length + 40]! ^= 4;
  for (let day = 0; day < 2; day++) {
    clock.advance(DAY_MS);
    pass(10_000);
  }
  assert.deepEqual(
    told.slice(4).filter((line) => line.startsWith("damaged")),
    [`damaged-data-000002-${offset}.txt ${offset}+${2 * length}`],
  );
  assert.deepEqual(aside(), stretch(2 * length));
});

Deno.test("a scrub sets damage side by side aside as one, and tells so many at most", () => {
  const disk = newDisk();
  const clock = new ManualClock();
  const length = lineOf(5_001, "hola").length;
  // Over the bounds of many pieces.
  for (let i = 0; i < 4_000; i++) {
    disk.bytes("data-000002.txt")[i * length + 40]! ^= 4;
  }
  const { told, pass } = newScrub(disk, clock);
  clock.advance(DAY_MS);
  pass(10_000);
  assert.deepEqual(told, [
    `damaged-data-000002-0.txt 0+${4_000 * length}`,
    `scrubbed ${bytesOfAll(disk)}`,
  ]);
  const scattered = newDisk();
  for (let i = 0; i < 1_000; i += 2) {
    scattered.bytes("data-000002.txt")[i * length + 40]! ^= 4;
  }
  const second = newScrub(scattered, clock);
  clock.advance(DAY_MS);
  second.pass(10_000);
  const files = scattered.list().filter((name) => name.startsWith("damaged"));
  assert.equal(second.told.length, files.length + 1);
  assert.ok(files.length < 100);
});

Deno.test("a scrub reads on behind blocks that cannot be read, and tells of them", () => {
  const disk = new BadBlocksDisk(newDisk().files);
  const clock = new ManualClock();
  const { told, pass } = newScrub(disk, clock);
  disk.bad.add("data-000002.txt@7").add("data-000002.txt@60");
  for (let day = 0; day < 2; day++) {
    clock.advance(DAY_MS);
    pass(10_000);
  }
  const found = told.filter((line) => line.startsWith("undefined"))
    .map((line) => /(\d+)\+(\d+)$/.exec(line)!.slice(1).map(Number));
  assert.equal(found.length, 2, `each is told once: ${told}`);
  for (const [i, block] of [7, 60].entries()) {
    const [offset, length] = found[i]!;
    // With the rest of the records that begin or end in it.
    assert.ok(offset! <= block * 4_096 && offset! > block * 4_096 - 100);
    const end = offset! + length!;
    assert.ok(end >= (block + 1) * 4_096 && end < (block + 1) * 4_096 + 100);
  }
  const end = `scrubbed ${bytesOfAll(disk) - 8_192}, not 8192`;
  assert.deepEqual(told.filter((line) => /^scrubbed/.test(line)), [end, end]);
});

Deno.test("a scrub tries again what cannot be read at all, and ends with a word about it", () => {
  const disk = new BadBlocksDisk(newDisk().files);
  const clock = new ManualClock();
  const { told, pass } = newScrub(disk, clock);
  const second = disk.bytes("data-000002.txt").length;
  const first = disk.bytes("data-000001.txt").length;
  clock.advance(DAY_MS);
  disk.bad.add("data-000002.txt");
  pass(60_000);
  assert.deepEqual(told, []);
  disk.bad.clear();
  pass(70_000);
  assert.deepEqual(told.splice(0), [`scrubbed ${bytesOfAll(disk)}`]);
  disk.bad.add("data-000002.txt");
  clock.advance(DAY_MS);
  pass(400_000);
  const rest = second + disk.bytes("data.txt").length;
  assert.deepEqual(told, [`scrubbed ${first}, not ${rest}`]);
});

Deno.test("a scrub goes on where it was, after a restart", () => {
  const disk = newDisk();
  // Large enough to take minutes.
  disk.files.set("data-000001.txt", lines(1, 150_000));
  const clock = new ManualClock();
  const first = newScrub(disk, clock);
  clock.advance(DAY_MS);
  // The place is noted at once, and then each minute.
  first.pass(5_000);
  assert.match(disk.text("scrub.txt"), /^at 0 \d+$/m);
  const noted = Number(/^at 0 (\d+)$/m.exec(disk.text("scrub.txt"))![1]);
  const second = newScrub(disk, clock);
  second.pass(30_000);
  assert.deepEqual(second.told, [`scrubbed ${bytesOfAll(disk) - noted}`]);
});

Deno.test("a scrub that is turned off does nothing", () => {
  const disk = newDisk();
  const clock = new ManualClock();
  const { told, pass } = newScrub(disk, clock, Infinity);
  clock.advance(100 * DAY_MS);
  pass(10_000);
  assert.deepEqual(told, []);
  assert.equal(disk.sizeOf("scrub.txt"), -1);
});
