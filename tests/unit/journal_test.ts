import assert from "node:assert/strict";
import { MESSAGE_BYTES_MAX } from "../../lib/base/limits.ts";
import { Journal } from "../../lib/store/journal.ts";
import type { Recovery } from "../../lib/store/journal_opening.ts";
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
    lost: ({ how, name, bytes }) => told.push(`lost ${how} ${name} ${bytes}`),
  }, { segmentBytesMax });
  const sequences: number[] = [];
  const recovery: Recovery = journal.open((_bytes, record, isSure) => {
    if (isSure) sequences.push(record.sequence);
  });
  const append = (sequence: number, text = "x") =>
    journal.append(headerOf(sequence), payloadOf([text]), 0, 1);
  /** Stores records, each in a commit of its own. */
  const store = (...numbers: readonly number[]) => {
    for (const number of numbers) {
      append(number);
      turn.end();
      disk.syncs();
    }
  };
  /** What a reader gets at a position, or why nothing. */
  const read = (position: number): string => {
    let got: string | undefined;
    const into = new Uint8Array(10_000);
    journal.load(position, into, (count, failure) => {
      got = failure ?? new TextDecoder().decode(into.subarray(0, count));
    });
    turn.end();
    for (const done of disk.loads.splice(0)) done();
    return got!;
  };
  return {
    ...{ disk, turn, told, journal, recovery, sequences },
    ...{ append, store, read },
  };
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

Deno.test("what is stored after a last line without its ending is whole, also if the first commit fails", () => {
  const disk = new MemoryDisk();
  disk.replace("data.txt", lineOf(1, "a").slice(0, -1));
  const { append, turn } = openJournal(disk);
  append(2);
  turn.end();
  disk.fail("No space left on device");
  append(3);
  turn.end();
  disk.syncs();
  assert.deepEqual(disk.bytes("data-000001.txt"), lineOf(1, "a").slice(0, -1));
  assert.deepEqual(disk.bytes("data.txt"), lineOf(3, "x"));
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

const LINE_BYTES = lineOf(1, "x").length;

/** What another process may do to `data.txt`, and what is lost by it. */
const touches: readonly (readonly [
  string,
  (disk: MemoryDisk) => void,
  string,
  string | undefined,
])[] = [
  [
    "an editor saves it",
    (disk) => disk.replaceUnder("data.txt", disk.bytes("data.txt").slice()),
    "data.txt was replaced by another file",
    undefined,
  ],
  [
    "it is renamed, and made anew",
    (disk) => {
      disk.files.set("data.txt.1", disk.bytes("data.txt"));
      disk.replaceUnder("data.txt", new Uint8Array());
    },
    "data.txt was replaced by another file",
    `lost short data.txt ${2 * LINE_BYTES}`,
  ],
  [
    "it is removed",
    (disk) => disk.files.delete("data.txt"),
    "data.txt was moved away or removed",
    `lost missing data.txt ${2 * LINE_BYTES}`,
  ],
  [
    "it is cut",
    (disk) =>
      disk.files.set("data.txt", disk.bytes("data.txt").slice(0, LINE_BYTES)),
    "data.txt was cut short",
    `lost short data.txt ${LINE_BYTES}`,
  ],
  [
    "it is another's",
    (disk) => disk.replaceUnder("data.txt", new Uint8Array(10 * LINE_BYTES)),
    "data.txt was replaced by another file",
    "lost changed data.txt 0",
  ],
  [
    "it is written to",
    (disk) =>
      disk.files.set(
        "data.txt",
        joined([disk.bytes("data.txt"), lineOf(3, "y")]),
      ),
    "data.txt was written to by another",
    undefined,
  ],
];

for (const [name, touch, , loss] of touches) {
  Deno.test(`Journal notices what is done to data.txt at a look: ${name}`, () => {
    const { disk, told, journal, store, read } = openJournal();
    store(1, 2);
    const { end } = journal;
    told.length = 0;
    touch(disk);
    assert.equal(journal.check(), undefined, "it goes on");
    const losses = told.filter((line) => line.startsWith("lost"));
    assert.deepEqual(losses, loss === undefined ? [] : [loss]);
    assert.ok(journal.end >= end, "positions stay true");
    store(4);
    assert.equal(told.at(-1), "commit 3");
    assert.deepEqual(disk.bytes("data.txt"), lineOf(4, "x"));
    assert.equal(read(journal.end - LINE_BYTES), disk.text("data.txt"));
    assert.equal(journal.check(), undefined);
  });
}

for (const [name, touch, reason, loss] of touches) {
  Deno.test(`Journal does not answer for a file that is no more: ${name}`, () => {
    const { disk, turn, told, append, store } = openJournal();
    store(1, 2);
    append(3);
    turn.end();
    touch(disk);
    told.length = 0;
    disk.syncs();
    assert.deepEqual(told, [`commit 3 failed: ${reason}`]);
    store(3);
    assert.equal(told.at(-1), "commit 4");
    assert.deepEqual(disk.bytes("data.txt"), lineOf(3, "x"));
    assert.equal(told.find((line) => line.startsWith("lost")), loss);
  });
}

Deno.test("Journal stores nothing while its directory is gone", () => {
  const { disk, turn, told, journal, append, store } = openJournal();
  store(1);
  const files = new Map(disk.files);
  disk.files.clear();
  disk.goneBecause = "the directory is gone";
  assert.equal(journal.check(), "the directory is gone");
  append(2);
  turn.end();
  assert.equal(told.at(-1), "commit 2 failed: the directory is gone");
  assert.deepEqual([...disk.files], [], "nothing is made in its place");

  // It was only moved away for a moment.
  for (const [name, bytes] of files) disk.files.set(name, bytes);
  disk.goneBecause = undefined;
  assert.equal(journal.check(), undefined);
  store(2);
  assert.equal(told.at(-1), "commit 3");
  assert.equal(told.find((line) => line.startsWith("lost")), undefined);
});

Deno.test("Journal fills in what others took away of a sealed segment", () => {
  const { disk, told, journal, store, read } = openJournal(
    new MemoryDisk(),
    2 * LINE_BYTES,
  );
  store(1, 2, 3, 4, 5);
  const { end } = journal;
  disk.truncate("data-000001.txt", LINE_BYTES);
  assert.match(read(0), /shorter than what was synced/);
  assert.deepEqual(told.slice(-1), [
    `lost short data-000001.txt ${LINE_BYTES}`,
  ]);
  assert.equal(read(0), disk.text("data-000001.txt"));
  assert.match(read(LINE_BYTES), /^\n?-+\n$/);
  disk.files.delete("data-000002.txt");
  journal.check();
  journal.check();
  assert.deepEqual(told.slice(-1), [
    `lost missing data-000002.txt ${2 * LINE_BYTES}`,
  ]);
  assert.equal(journal.end, end);
  assert.equal(read(2 * LINE_BYTES).length, 2 * LINE_BYTES);
  assert.match(read(4 * LINE_BYTES), /mensaje: x/);
});

Deno.test("Journal reads nothing as less than was synced", () => {
  const { disk, store, read } = openJournal();
  store(1, 2);
  disk.truncate("data.txt", 10);
  assert.match(read(0), /^data\.txt is shorter than what was synced$/);
  disk.truncate("data.txt", 0);
  assert.match(read(0), /^data\.txt is shorter than what was synced$/);
});

Deno.test("Journal cuts a segment at once when a write has failed", () => {
  const { disk, turn, append, store } = openJournal();
  store(1);
  append(2);
  turn.end();
  disk.fail("Input/output error", 1);
  assert.deepEqual(disk.bytes("data.txt"), lineOf(1, "x"));
});

Deno.test("Journal.open sets a long damage aside as one, and scattered damage up to a bound", () => {
  const lines = Array.from({ length: 1_000 }, (_, i) => lineOf(i + 1, "x"));
  const damage = (line: Uint8Array) => {
    line[30]! ^= 1;
    return line;
  };
  const disk = new MemoryDisk();
  disk.replace("data.txt", joined([lineOf(0, "a"), ...lines.map(damage)]));
  const { recovery } = openJournal(disk);
  assert.equal(recovery.damages.length, 1);
  assert.equal(
    [...disk.files.keys()].filter((n) => /^damaged/.test(n)).length,
    1,
  );

  const scattered = new MemoryDisk();
  scattered.replace(
    "data.txt",
    joined(lines.map((line, i) => i % 2 === 0 ? line : damage(line))),
  );
  const { damages, furtherDamages, records } = openJournal(scattered).recovery;
  assert.equal(damages.length + furtherDamages, 500);
  assert.equal(records, 500);
  assert.ok(damages.length < 100);
  assert.equal(
    [...scattered.files.keys()].filter((n) => /^damaged/.test(n)).length,
    damages.length,
  );
});

Deno.test("Journal.open needs no room on the disk", () => {
  class Full extends MemoryDisk {
    override replace(): void {
      throw new Error("No space left on device");
    }
    override rewrite(): void {
      throw new Error("No space left on device");
    }
  }
  const damaged = lineOf(2, "b");
  damaged[60]! ^= 1;
  const disk = new Full(
    new Map([["data.txt", joined([lineOf(1, "a"), damaged, lineOf(3, "c")])]]),
  );
  const { recovery, read } = openJournal(disk);
  assert.equal(recovery.records, 2);
  assert.equal(recovery.damages[0]!.file, undefined);
  assert.match(recovery.doubt!, /No space/);
  assert.equal(read(0), disk.text("data.txt"));
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
    lost: () => {},
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
