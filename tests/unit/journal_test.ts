import assert from "node:assert/strict";
import { MESSAGE_BYTES_MAX } from "../../lib/limits.ts";
import { Journal, type Recovery } from "../../lib/store/journal.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { headerOf, joined, lineOf, payloadOf } from "../support/records.ts";

/** A journal on a disk, and what it told. */
function openJournal(disk = new MemoryDisk(), segmentBytesMax?: number) {
  const turn = new ManualTurn();
  const told: string[] = [];
  const journal = new Journal(disk, turn, {
    committed: (commit, failure) =>
      told.push(`commit ${commit}${failure ? ` failed: ${failure}` : ""}`),
    room: () => {},
    sealed: (name, reason) => told.push(`sealed ${name} ${reason ?? ""}`),
  }, { segmentBytesMax });
  const sequences: number[] = [];
  const recovery: Recovery = journal.open((_bytes, record) =>
    sequences.push(record.sequence)
  );
  const append = (sequence: number, text = "x") =>
    journal.append(headerOf(sequence), payloadOf([text]), 0, 1);
  return { disk, turn, told, journal, recovery, sequences, append };
}

Deno.test("Journal tells of a commit only after its sync", () => {
  const { disk, turn, told, append } = openJournal();
  append(1);
  assert.equal(disk.appends, 0, "written before the turn ended");
  turn.end();
  assert.deepEqual(told, []);
  disk.syncs();
  assert.deepEqual(told, ["commit 1"]);
  assert.deepEqual(disk.bytes("data.txt"), lineOf(1, "x"));
});

Deno.test("Journal gathers what comes while a sync runs into one commit", () => {
  const { disk, turn, told, append, journal } = openJournal();
  append(1);
  turn.end();
  const commits = [2, 3, 4].map((sequence) => {
    const commit = journal.gatheringCommit;
    append(sequence);
    turn.end();
    return commit;
  });
  assert.deepEqual(commits, [2, 2, 2]);
  assert.equal(disk.appends, 1);
  disk.syncs();
  assert.equal(disk.appends, 2);
  assert.equal(journal.idle, false);
  disk.syncs();
  assert.deepEqual(told, ["commit 1", "commit 2"]);
  assert.equal(journal.idle, true);
  assert.deepEqual(
    disk.bytes("data.txt"),
    joined([1, 2, 3, 4].map((sequence) => lineOf(sequence, "x"))),
  );
});

Deno.test("Journal seals a segment whose write failed, without what failed", () => {
  const { disk, turn, told, append } = openJournal();
  append(1);
  turn.end();
  disk.syncs();
  append(2);
  turn.end();
  append(3);
  disk.fail("Input/output error");
  disk.syncs();
  assert.deepEqual(told, [
    "commit 1",
    "commit 2 failed: Input/output error",
    "sealed data-000001.txt Input/output error",
    "commit 3",
  ]);
  assert.deepEqual(disk.bytes("data-000001.txt"), lineOf(1, "x"));
  assert.deepEqual(disk.bytes("data.txt"), lineOf(3, "x"));
});

Deno.test("Journal fails commits for as long as it cannot seal", () => {
  const { disk, turn, told, append } = openJournal();
  append(1);
  turn.end();
  disk.syncs();
  append(2);
  turn.end();
  disk.fail("No space left on device");
  const rename = disk.rename;
  disk.rename = () => {
    throw new Error("Read-only file system");
  };
  append(3);
  turn.end();
  assert.equal(told.at(-1), "commit 3 failed: Read-only file system");
  disk.rename = rename;
  append(4);
  turn.end();
  disk.syncs();
  assert.equal(told.at(-1), "commit 4");
  assert.deepEqual(disk.bytes("data.txt"), lineOf(4, "x"));
});

Deno.test("Journal seals a segment that is full, and begins the next", () => {
  const disk = new MemoryDisk();
  disk.replace("data-000007.txt", lineOf(1, "older"));
  const line = lineOf(1, "x").length;
  const { turn, told, append } = openJournal(disk, 2 * line);
  for (let sequence = 1; sequence <= 5; sequence++) {
    append(sequence);
    turn.end();
    disk.syncs();
  }
  assert.deepEqual(told, [
    "commit 1",
    "commit 2",
    "sealed data-000008.txt ",
    "commit 3",
    "commit 4",
    "sealed data-000009.txt ",
    "commit 5",
  ]);
  assert.equal(disk.sizeOf("data-000008.txt"), 2 * line);
  assert.deepEqual(disk.bytes("data.txt"), lineOf(5, "x"));
});

Deno.test("Journal.open cuts a torn last line off, and says so", () => {
  const disk = new MemoryDisk();
  disk.replace(
    "data.txt",
    joined([lineOf(1, "a"), lineOf(2, "b").slice(0, 40)]),
  );
  const { recovery, sequences, append, turn } = openJournal(disk);
  assert.equal(recovery.records, 1);
  assert.equal(recovery.tornBytes, 40);
  assert.deepEqual(sequences, [1]);
  append(3);
  turn.end();
  disk.syncs();
  assert.deepEqual(
    disk.bytes("data.txt"),
    joined([lineOf(1, "a"), lineOf(3, "x")]),
  );
});

Deno.test("Journal.open ends a whole last line that lacks its ending", () => {
  const disk = new MemoryDisk();
  disk.replace(
    "data.txt",
    joined([lineOf(1, "a"), lineOf(2, "b").slice(0, -1)]),
  );
  const { recovery, append, turn } = openJournal(disk);
  assert.equal(recovery.records, 2);
  assert.equal(recovery.tornBytes, 0);
  append(3);
  turn.end();
  disk.syncs();
  assert.deepEqual(
    disk.bytes("data.txt"),
    joined([lineOf(1, "a"), lineOf(2, "b"), lineOf(3, "x")]),
  );
});

Deno.test("Journal.open sets damage aside, serves the rest, and leaves it be", () => {
  const disk = new MemoryDisk();
  const damaged = lineOf(2, "b");
  damaged[60] = damaged[60]! ^ 1;
  const content = joined([lineOf(1, "a"), damaged, lineOf(3, "c")]);
  disk.replace("data.txt", content);
  const { recovery, sequences } = openJournal(disk);
  const offset = lineOf(1, "a").length;
  assert.deepEqual(sequences, [1, 3]);
  assert.deepEqual(recovery.damages, [
    {
      segment: "data.txt",
      offset,
      length: damaged.length,
      file: `damaged-data-${offset}.txt`,
    },
  ]);
  assert.deepEqual(disk.bytes(`damaged-data-${offset}.txt`), damaged);
  assert.deepEqual(disk.bytes("data.txt"), content);
  assert.equal(recovery.tick, 3);
});

Deno.test("Journal goes on after a rename that failed and was done", () => {
  class Stubborn extends MemoryDisk {
    failures = 1;
    override rename(from: string, to: string): void {
      super.rename(from, to);
      if (this.failures-- > 0) throw new Error("Input/output error");
    }
  }
  const disk = new Stubborn();
  const { turn, told, append } = openJournal(disk, 1);
  append(1);
  turn.end();
  disk.syncs();
  append(2);
  turn.end();
  assert.deepEqual(told, ["commit 1", "commit 2 failed: Input/output error"]);
  append(3);
  turn.end();
  disk.syncs();
  assert.deepEqual(told.slice(2), [
    "sealed data-000001.txt Input/output error",
    "commit 3",
  ]);
  assert.deepEqual(disk.bytes("data-000001.txt"), lineOf(1, "x"));
  assert.deepEqual(disk.bytes("data.txt"), lineOf(3, "x"));
});

Deno.test("Journal keeps its time when it was sealed just before the end", () => {
  const disk = new MemoryDisk();
  const first = openJournal(disk, 1);
  first.append(1);
  first.turn.end();
  disk.syncs();
  disk.rename("data.txt", "data-000001.txt");
  const { recovery } = openJournal(disk);
  assert.equal(recovery.records, 0);
  assert.equal(recovery.tick, headerOf(1).tick);
  assert.ok(recovery.tick > 0);
});

Deno.test("Journal.open reads what was stored last, in segments however short", () => {
  const disk = new MemoryDisk();
  const long = lineOf(2, "x".repeat(200_000));
  disk.files.set("data-000001.txt", lineOf(1, "x"));
  // More than enough, so what is before it is not read.
  disk.files.set("data-000002.txt", joined(Array(90).fill(long)));
  for (const number of [3, 4, 6]) {
    disk.files.set(`data-00000${number}.txt`, lineOf(number, "x"));
  }
  disk.files.set("data.txt", lineOf(7, "x"));
  const { sequences, recovery } = openJournal(disk);
  assert.deepEqual(sequences, [...Array(90).fill(2), 3, 4, 6, 7]);
  assert.equal(recovery.tick, 7);
});

Deno.test("Journal has room again as soon as a full commit is being written", () => {
  const disk = new MemoryDisk();
  const turn = new ManualTurn();
  let rooms = 0;
  const journal: Journal = new Journal(disk, turn, {
    committed: () => {},
    room: () => {
      rooms++;
      assert.equal(journal.full, false);
    },
    sealed: () => {},
  });
  journal.open(() => {});
  const large = payloadOf([new Uint8Array(MESSAGE_BYTES_MAX)]);
  journal.append(headerOf(1), large, 0, 1);
  turn.end();
  while (!journal.full) journal.append(headerOf(2), large, 0, 1);
  turn.end();
  assert.equal(rooms, 1);
  disk.syncs();
  assert.equal(rooms, 2);
});
