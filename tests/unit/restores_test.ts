import assert from "node:assert/strict";
import fc from "fast-check";
import { Restores } from "../../lib/data/restores.ts";
import { Contents } from "../../lib/store/contents.ts";
import { laneNumbers } from "../../lib/store/lanes.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { newParsedRecord, parseRecord } from "../../lib/store/record.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { joined, lineOf } from "../support/records.ts";

/** What a data node restores to its disk, and what was told of it. */
function newRestores(disk = new MemoryDisk()) {
  const turn = new ManualTurn();
  const told: string[] = [];
  const contents = new Contents(disk, new ManualClock());
  contents.read();
  const restores = new Restores(disk, turn, contents, {
    failed: (reason) => void told.push(reason),
    stored: () => {},
    lost: ({ how, name }) => void told.push(`${how} ${name}`),
  });
  const recoveries = restores.open();
  const restorer = {
    restored: (ticket: number, failure: string | undefined) =>
      void told.push(`${ticket} ${failure ?? "synced"}`),
  };
  /** Restores records with these ticks. */
  const restore = (ticket: number, ...ticks: readonly number[]) => {
    const lines = joined(ticks.map((tick) => lineOf(tick, `m${tick}`)));
    const failure = restores.restore(restorer, ticket, lines, 0, lines.length);
    turn.end();
    return failure;
  };
  /** The disk is done with all that was written. */
  const sync = (failure?: string) => {
    for (const other of disk.others) {
      if (other.pending === undefined) continue;
      if (failure === undefined) other.syncs();
      else other.fail(failure);
    }
  };
  contents.note();
  return { disk, contents, restores, recoveries, restore, sync, told };
}

/** The ticks in a lane's file, in the order they stand there. */
function ticksIn(disk: MemoryDisk, lane: number): number[] {
  const name = `restored-${`${lane}`.padStart(6, "0")}.txt`;
  const bytes = disk.bytes(name);
  const record = newParsedRecord();
  const ticks: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(10, at);
    assert.ok(parseRecord(bytes, at, lf, record));
    ticks.push(record.tick);
    at = lf + 1;
  }
  return ticks;
}

Deno.test("restored records are answered for once they are synced", () => {
  const { disk, restore, sync, told } = newRestores();
  assert.equal(restore(1, 5, 6, 9), undefined);
  assert.deepEqual(told, []);
  sync();
  assert.deepEqual(told, ["1 synced"]);
  assert.deepEqual(ticksIn(disk, 1), [5, 6, 9]);
});

Deno.test("a disk that fails restores nothing, and says so", () => {
  const { restore, sync, told } = newRestores();
  restore(1, 5);
  sync("No space left");
  assert.deepEqual(told, ["No space left", "1 No space left"]);
});

Deno.test("what is no record, or out of order, is not restored", () => {
  const { restores, restore } = newRestores();
  assert.match(restore(1, 5, 4) ?? "", /no record/);
  const restorer = { restored: () => assert.fail("it was restored") };
  const damaged = lineOf(1, "x");
  damaged[30]! ^= 1;
  const bad = [new Uint8Array(), damaged, lineOf(1, "x").slice(0, -1)];
  for (const lines of bad) {
    assert.match(
      restores.restore(restorer, 2, lines, 0, lines.length) ?? "",
      /no record/,
    );
  }
  assert.equal(restores.lanes, 0);
});

Deno.test("lanes: ticks rise in each, nothing is lost, and they are few", () => {
  const run = fc.array(fc.integer({ min: 1, max: 1000 }), {
    minLength: 1,
    maxLength: 8,
  }).map((ticks) => ticks.sort((a, b) => a - b));
  fc.assert(fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
    const { disk, restores, restore, sync } = newRestores();
    for (const [i, ticks] of runs.entries()) {
      assert.equal(restore(i, ...ticks), undefined);
      sync();
    }
    const all: number[] = [];
    for (let lane = 1; lane <= restores.lanes; lane++) {
      const ticks = ticksIn(disk, lane);
      assert.deepEqual(ticks, [...ticks].sort((a, b) => a - b));
      all.push(...ticks);
    }
    const ascending = (ticks: readonly number[]) =>
      [...ticks].sort((a, b) => a - b);
    assert.deepEqual(ascending(all), ascending(runs.flat()));
    assert.ok(restores.lanes <= runs.length);
  }));
});

Deno.test("lanes go on after a restart, at the tick where they ended", () => {
  const before = newRestores();
  before.restore(1, 5, 9);
  before.sync();
  const after = newRestores(new MemoryDisk(before.disk.files));
  assert.equal(after.restores.lanes, 1);
  after.restore(1, 9, 12);
  after.restore(2, 3);
  after.sync();
  assert.deepEqual(ticksIn(after.disk, 1), [5, 9, 9, 12]);
  assert.deepEqual(ticksIn(after.disk, 2), [3]);
});

Deno.test("ticks rise in each lane, whatever files somebody puts there meanwhile", () => {
  const { disk, restores, restore, sync } = newRestores();
  disk.files.set("restored-000001.txt", lineOf(9, "m9"));
  assert.equal(restore(1, 5), undefined);
  sync();
  assert.equal(restores.lanes, 2);
  assert.deepEqual(ticksIn(disk, 1), [9]);
  assert.deepEqual(ticksIn(disk, 2), [5]);
});

Deno.test("a torn lane is cut, a damaged one served but for the damage", () => {
  fc.assert(fc.property(fc.nat(), fc.boolean(), (where, isTorn) => {
    const before = newRestores();
    before.restore(1, 5, 6, 7, 8);
    before.sync();
    const name = "restored-000001.txt";
    const bytes = before.disk.bytes(name);
    const at = where % (bytes.length - 1);
    if (isTorn) before.disk.files.set(name, bytes.slice(0, at));
    else bytes[at]! ^= 1;
    const disk = new MemoryDisk(before.disk.files);
    const { recoveries } = newRestores(disk);
    const { records, tornBytes, damages } = recoveries[0]!;
    if (isTorn) {
      assert.equal(damages.length, 0);
      assert.ok(records <= 4 && (records === 4 || tornBytes >= 0));
    } else {
      assert.equal(damages.length, 1);
      assert.ok(records >= 3);
      assert.equal(damages[0]!.segment, name);
      const file = damages[0]!.file!;
      assert.match(file, /^damaged-restored-000001-\d+\.txt$/);
      assert.ok(disk.files.has(file));
    }
  }));
});

/** What readers find in a lane, as text; empty when there is none. */
function laneText(
  { disk, restores }: ReturnType<typeof newRestores>,
  n: number,
) {
  const journal = restores.lane(n);
  if (journal === undefined || journal.end === 0) return "";
  const into = new Uint8Array(journal.end);
  let text = "";
  journal.load(0, into, (count) => {
    text = new TextDecoder().decode(into.subarray(0, count));
  });
  for (const one of [disk, ...disk.others]) {
    for (const done of one.loads.splice(0)) done();
  }
  return text;
}

Deno.test("a lane that is gone is a loss, and the others keep their numbers", () => {
  for (const hasContents of [true, false]) {
    const before = newRestores();
    before.restore(1, 5, 9);
    before.restore(2, 3);
    before.restore(3, 1);
    before.sync();
    before.contents.note();
    const { files } = before.disk;
    if (!hasContents) files.delete("node.contents");
    files.delete("restored-000002.txt");
    const after = newRestores(new MemoryDisk(files));
    const losses = after.recoveries.flatMap(({ losses }) => losses);
    assert.deepEqual(losses.map(({ how, name }) => [how, name]), [
      ["missing", "restored-000002.txt"],
    ]);
    assert.equal(after.restores.lanes, 3);
    assert.match(laneText(after, 1), /m5[^]*m9/);
    assert.match(laneText(after, 3), /m1\n$/);
    const again = newRestores(new MemoryDisk(files));
    assert.deepEqual(again.recoveries.flatMap(({ losses }) => losses), []);
    assert.equal(again.contents.losses.length, 1);
  }
});

Deno.test("hundreds of repairs in one life are kept, and a start puts them together", () => {
  const before = newRestores();
  for (let n = 300; n > 0; n--) {
    assert.equal(before.restore(n, n), undefined);
    before.sync();
  }
  assert.equal(before.restores.lanes, 300);
  before.contents.note();
  // Damage stays where it is.
  before.disk.bytes("restored-000007.txt")[40]! ^= 1;
  const after = newRestores(new MemoryDisk(before.disk.files));
  assert.deepEqual(after.recoveries.flatMap(({ losses }) => losses).length, 1);
  const found = laneText(after, 301).matchAll(/mensaje: m(\d+)\n/g);
  const ticks = [...found].map(([, tick]) => Number(tick)).sort((a, b) =>
    a - b
  );
  assert.deepEqual(
    ticks,
    Array.from({ length: 300 }, (_, i) => i + 1).filter((n) => n !== 294),
  );
  assert.deepEqual(laneNumbers(after.disk.list()), [7, 301]);
  assert.deepEqual(
    newRestores(new MemoryDisk(before.disk.files)).recoveries
      .flatMap(({ losses }) => losses),
    [],
  );
});

Deno.test("no lane gets the number of one that is gone", () => {
  let before = newRestores();
  const restore = (count: number) => {
    for (let n = count; n > 0; n--) before.restore(n, n);
    before.sync();
    before.contents.note();
  };
  const numbers = () => laneNumbers(before.disk.list());
  const again = () => before = newRestores(new MemoryDisk(before.disk.files));
  restore(17);
  again();
  assert.deepEqual(numbers(), [18]);
  assert.equal(before.restores.lanes, 18);
  assert.equal(before.restores.lane(5), undefined);
  before.restore(1, 17);
  // Behind the ticks of the one there is; each begins a lane.
  restore(16);
  assert.deepEqual(numbers(), [
    18,
    ...Array.from({ length: 16 }, (_, i) => 19 + i),
  ]);
  again();
  assert.deepEqual(numbers(), [35]);
  assert.deepEqual(before.recoveries.flatMap(({ losses }) => losses), []);
});

Deno.test("a directory that has had all numbers of lanes says so", () => {
  const disk = new MemoryDisk();
  disk.files.set("restored-016384.txt", lineOf(9, "x"));
  disk.files.set(
    "node.contents",
    bytesOf("sd-node contents 1\nactive data.txt 0 00000000\nend open\n"),
  );
  const { restore, sync, told } = newRestores(disk);
  assert.equal(restore(1, 10), undefined);
  sync();
  assert.deepEqual(told, ["1 synced"]);
  assert.match(restore(2, 3) ?? "", /all the lanes there can be/);
});

Deno.test("a start that cannot put lanes together keeps them as they are", () => {
  class Full extends MemoryDisk {
    override replace(): void {
      throw new Error("No space left on device");
    }
  }
  const before = newRestores();
  for (let n = 20; n > 0; n--) {
    before.restore(n, n);
    before.sync();
  }
  before.contents.note();
  const after = newRestores(new Full(before.disk.files));
  assert.deepEqual(laneNumbers(after.disk.list()).length, 20);
  assert.deepEqual(after.recoveries.flatMap(({ losses }) => losses), []);
});

Deno.test("lanes are told from other files by their names", () => {
  assert.deepEqual(
    laneNumbers([
      "data.txt",
      "data-000001.txt",
      "restored-000002.txt",
      "restored-000001.txt",
      "restored-000001-000001.txt",
      "damaged-restored-000009-5.txt",
      "restored-x.txt",
    ]),
    [1, 2],
  );
});
