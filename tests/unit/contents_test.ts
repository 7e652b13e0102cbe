/** What ought to be in a directory, and what is told when it is not. */

import assert from "node:assert/strict";
import {
  Contents,
  CONTENTS_FILE,
  ContentsError,
} from "../../lib/store/contents.ts";
import { Journal } from "../../lib/store/journal.ts";
import { TICK_MS } from "../../lib/base/limits.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { headerOf, joined, lineOf, payloadOf } from "../support/records.ts";

const LINE_BYTES = lineOf(1, "x").length;
const LINE_10_BYTES = lineOf(10, "x").length;

/** A journal whose segments hold two records, beside its contents. */
function start(disk: MemoryDisk) {
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const told: string[] = [];
  const contents = new Contents(disk, clock);
  const listing = contents.listing("data.txt");
  contents.read();
  const journal = new Journal(disk, turn, {
    committed: (_commit, failure) => failure && told.push(failure),
    room: () => {},
    sealed: () => contents.changed(),
    lost: ({ how, name, bytes }) => {
      told.push(`${how} ${name} ${bytes}`);
      contents.note();
    },
  }, { segmentBytesMax: 2 * LINE_BYTES, listing });
  const sequences: number[] = [];
  const { losses, doubt } = journal.open((_bytes, record, isSure) => {
    if (isSure) sequences.push(record.sequence);
  });
  contents.note();
  const append = (...numbers: readonly number[]) => {
    for (const number of numbers) {
      journal.append(headerOf(number), payloadOf(["x"]), 0, 1);
      turn.end();
      disk.syncs();
    }
  };
  /** Time passes, and what is written beside is done. */
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) {
      clock.advance(TICK_MS);
      contents.tick(clock.nowMs());
      for (const done of disk.writes.splice(0)) done();
    }
  };
  /** All that a reader gets, as text. */
  const readAll = () => {
    const decoder = new TextDecoder();
    let text = "";
    for (let position = 0; position < journal.end;) {
      const into = new Uint8Array(300);
      let count: number | undefined;
      journal.load(position, into, (got, failure) => {
        assert.equal(failure, undefined);
        count = got;
      });
      turn.end();
      for (const done of disk.loads.splice(0)) done();
      assert.ok(count !== undefined && count > 0);
      position += count;
      text += decoder.decode(into.subarray(0, count));
    }
    return text;
  };
  const lost = losses.map(({ how, name, bytes }) => `${how} ${name} ${bytes}`);
  return {
    ...{ journal, contents, sequences, told, lost, doubt },
    ...{ append, pass, readAll },
  };
}

/** As a process that was started anew. */
const again = ({ files }: MemoryDisk) => new MemoryDisk(files);

/** A directory of three sealed segments and `data.txt` with one record. */
function newDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  const { append, pass } = start(disk);
  append(1, 2, 3, 4, 5, 6, 7);
  pass(2_000);
  return disk;
}

const sequencesIn = (text: string) =>
  text.split("\n").filter((line) => line.includes("mensaje: x"))
    .map((line) => Number(/-(\d+) /.exec(line.slice(30))![1]));

/** The records in a text, and where they stand. */
const placesIn = (text: string) =>
  [...text.matchAll(/^.*mensaje: x$/gm)].map(({ 0: line, index }) => [
    index,
    line,
  ]);

Deno.test("what is in the directory is noted, and found again in silence", () => {
  const disk = newDisk();
  assert.match(
    disk.text(CONTENTS_FILE),
    new RegExp(
      "^sd-node contents 1\n" +
        [1, 2, 3].map((n) =>
          `sealed data-00000${n}.txt ${2 * LINE_BYTES} [0-9a-f]{8}\n`
        ).join("") +
        `active data.txt ${LINE_BYTES} [0-9a-f]{8}\nend open\n$`,
    ),
  );
  const { lost, contents, readAll } = start(again(disk));
  assert.deepEqual(lost, []);
  assert.deepEqual(contents.losses, []);
  assert.deepEqual(sequencesIn(readAll()), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("a directory of a version without contents is adopted in silence", () => {
  const disk = newDisk();
  disk.files.delete(CONTENTS_FILE);
  disk.files.delete("data-000001.txt");
  assert.deepEqual(start(again(disk)).lost, []);
  assert.ok(disk.files.has(CONTENTS_FILE));
});

Deno.test("a gap in the numbers of such a directory is a loss all the same", () => {
  const disk = newDisk();
  disk.files.delete(CONTENTS_FILE);
  disk.files.delete("data-000002.txt");
  assert.deepEqual(start(again(disk)).lost, ["missing data-000002.txt 0"]);
});

const losses: readonly (readonly [
  string,
  (disk: MemoryDisk) => void,
  readonly string[],
  readonly number[],
  /** Bytes that are there instead, and were not. */
  number?,
])[] = [
  [
    "a sealed segment that is gone",
    ({ files }) => files.delete("data-000002.txt"),
    [`missing data-000002.txt ${2 * LINE_BYTES}`],
    [1, 2, 5, 6, 7],
  ],
  [
    "the last sealed segment",
    ({ files }) => files.delete("data-000003.txt"),
    [`missing data-000003.txt ${2 * LINE_BYTES}`],
    [1, 2, 3, 4, 7],
  ],
  [
    "a sealed segment that is short",
    (disk) => disk.truncate("data-000001.txt", LINE_BYTES),
    [`short data-000001.txt ${LINE_BYTES}`],
    [1, 3, 4, 5, 6, 7],
  ],
  [
    "another sealed segment of its name",
    ({ files }) =>
      files.set("data-000001.txt", joined([lineOf(1, "x"), lineOf(9, "x")])),
    ["changed data-000001.txt 0"],
    [1, 9, 3, 4, 5, 6, 7],
  ],
  [
    "data.txt that is gone beside sealed segments",
    ({ files }) => files.delete("data.txt"),
    [`missing data.txt ${LINE_BYTES}`],
    [1, 2, 3, 4, 5, 6],
  ],
  [
    "data.txt that is shorter than it was",
    ({ files }) => files.set("data.txt", new Uint8Array()),
    [`short data.txt ${LINE_BYTES}`],
    [1, 2, 3, 4, 5, 6],
  ],
  [
    "another data.txt",
    ({ files }) =>
      files.set("data.txt", joined([lineOf(8, "x"), lineOf(9, "x")])),
    ["changed data.txt 0"],
    [1, 2, 3, 4, 5, 6, 8, 9],
    LINE_BYTES,
  ],
  [
    "data.txt that ends within its last line",
    (disk) => disk.truncate("data.txt", LINE_BYTES - 3),
    [`short data.txt ${LINE_BYTES}`],
    [1, 2, 3, 4, 5, 6],
  ],
];

for (const [name, lose, expected, rest, extra = 0] of losses) {
  Deno.test(`a loss is noticed at the start, and stays until it is healed: ${name}`, () => {
    const disk = newDisk();
    lose(disk);
    const before = 7 * LINE_BYTES + extra;
    const first = start(again(disk));
    assert.deepEqual(first.lost, expected);
    const text = first.readAll();
    assert.deepEqual(sequencesIn(text), rest);
    assert.equal(first.journal.end, before, "what stands behind stays there");
    // Heads tell of it, and readers pass over blanks.
    const isRecord = (line: string) => / mensaje: x$/.test(line);
    assert.deepEqual(
      text.split("\n").filter((line) => !isRecord(line) && !/^ *$/.test(line)),
      [],
    );
    first.append(10, 11, 12);
    first.pass(2_000);

    const second = start(again(disk));
    assert.deepEqual(second.lost, [], "it is told once");
    assert.equal(second.contents.losses.length, 1, "it is known on");
    const later = second.readAll();
    assert.deepEqual(sequencesIn(later), [...rest, 10, 11, 12]);
    const { end } = second.journal;
    assert.equal(end, before + 3 * LINE_10_BYTES);
    second.journal.healed();
    second.contents.healed();
    assert.equal(second.readAll(), later);
    for (let n = 0; n < 2; n++) {
      const third = start(again(disk));
      assert.deepEqual(third.contents.losses, []);
      assert.equal(third.readAll(), later, "everything stays at its place");
      assert.equal(third.journal.end, end);
    }
  });
}

Deno.test("what is lost while the node runs keeps its place over restarts, and when it is healed", () => {
  const touches: readonly ((disk: MemoryDisk) => void)[] = [
    (disk) => disk.truncate("data-000002.txt", LINE_BYTES),
    (disk) => disk.truncate("data-000002.txt", LINE_BYTES + 5),
    ({ files }) => files.delete("data-000002.txt"),
    (disk) => disk.truncate("data.txt", 0),
    (disk) => disk.truncate("data.txt", 7),
    ({ files }) => files.delete("data.txt"),
    (disk) => disk.replaceUnder("data.txt", lineOf(9, "x")),
  ];
  for (const touch of touches) {
    for (const isHealed of [false, true]) {
      const disk = newDisk();
      const first = start(disk);
      const { end } = first.journal;
      touch(disk);
      // One sealed segment is looked at each time.
      for (let n = 0; n < 4; n++) first.journal.check();
      assert.equal(first.told.length, 1);
      assert.equal(first.journal.end, end);
      if (first.contents.losses[0]!.bytes > 0) {
        assert.match(
          first.readAll(),
          /^-+$/m,
          "whoever is reading hears of it",
        );
      }
      if (isHealed) {
        first.journal.healed();
        first.contents.healed();
      }
      first.append(10);
      const places = placesIn(first.readAll());
      first.pass(2_000);
      for (let n = 0; n < 2; n++) {
        const later = start(again(disk));
        assert.deepEqual(later.lost, []);
        assert.equal(later.contents.losses.length, isHealed ? 0 : 1);
        assert.deepEqual(placesIn(later.readAll()), places);
        assert.equal(later.journal.end, end + LINE_10_BYTES);
      }
    }
  }
});

Deno.test("a segment of which a healed loss is listed may come back", () => {
  const disk = newDisk();
  const bytes = disk.bytes("data-000002.txt");
  disk.files.delete("data-000002.txt");
  const first = start(again(disk));
  first.contents.healed();
  assert.match(disk.text(CONTENTS_FILE), /^healed missing data-000002\.txt/m);
  disk.files.set("data-000002.txt", bytes);
  const { contents, lost, readAll } = start(again(disk));
  assert.deepEqual([...lost, ...contents.losses], []);
  assert.deepEqual(sequencesIn(readAll()), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("a segment that is brought back is no loss any more", () => {
  const disk = newDisk();
  const bytes = disk.bytes("data-000002.txt");
  disk.files.delete("data-000002.txt");
  assert.equal(start(again(disk)).lost.length, 1);
  disk.files.set("data-000002.txt", bytes);
  const { lost, contents, readAll } = start(again(disk));
  assert.deepEqual(lost, []);
  assert.deepEqual(contents.losses, []);
  assert.deepEqual(sequencesIn(readAll()), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("what was sealed after the last note is no loss", () => {
  for (const count of [1, 2, 3, 4, 5, 6, 7]) {
    const disk = new MemoryDisk();
    const { append, pass } = start(disk);
    append(1);
    pass(2_000);
    append(...[2, 3, 4, 5, 6, 7].slice(0, count - 1));
    const { lost, sequences } = start(again(disk));
    assert.deepEqual(lost, [], `${count} records`);
    assert.equal(sequences.at(-1), count);
  }
});

Deno.test("sizes are noted about every second, beside other work", () => {
  const disk = new MemoryDisk();
  const { append, pass } = start(disk);
  const noted = () =>
    Number(/active \S+ (\d+)/.exec(disk.text(CONTENTS_FILE))![1]);
  append(1);
  assert.equal(noted(), 0, "not in the way of a message");
  pass(500);
  assert.equal(noted(), LINE_BYTES);
  append(2);
  pass(400);
  assert.equal(noted(), LINE_BYTES);
  pass(500);
  assert.equal(noted(), 2 * LINE_BYTES);
});

Deno.test("a line of the contents that is not understood is told with its number", () => {
  const disk = newDisk();
  const text = disk.text(CONTENTS_FILE);
  const wrong: readonly (readonly [string, number])[] = [
    [text.replace("\nsealed", "\nseald"), 2],
    [text.replace(/\n/g, "\r\n"), 1],
    [text.replace("data-000003.txt", "../x.txt"), 4],
    [text.replace("end open\n", ""), 5],
    [text.replace("end open\n", "end open"), 5],
    [text.replace(/active.*\n/, ""), 5],
    [text.replace("contents 1", "contents 2"), 1],
    ["", 1],
  ];
  for (const [content, line] of wrong) {
    const files = new Map(disk.files);
    files.set(CONTENTS_FILE, new TextEncoder().encode(content));
    assert.throws(
      () => start(new MemoryDisk(files)),
      (error) =>
        error instanceof ContentsError &&
        error.message.startsWith(`line ${line} `),
      content,
    );
  }
});

Deno.test("what was not known to be on disk is written anew before it counts", () => {
  const disk = newDisk();
  const { append } = start(again(disk));
  // A process that ended before this was noted.
  disk.files.set("data.txt", joined([lineOf(7, "x"), lineOf(8, "x")]));
  const rewritten: string[] = [];
  const second = again(disk);
  const { rewrite } = second;
  second.rewrite = (name, size) => {
    rewritten.push(`${name} ${size}`);
    rewrite.call(second, name, size);
  };
  assert.deepEqual(start(second).sequences.at(-1), 8);
  assert.deepEqual(rewritten, [`data.txt ${2 * LINE_BYTES}`]);
  start(second);
  assert.equal(rewritten.length, 1, "it is known by now");
  assert.ok(append !== undefined);
});

Deno.test("without room for that, it is served, and does not count", () => {
  const disk = newDisk();
  disk.files.set("data.txt", joined([lineOf(7, "x"), lineOf(8, "x")]));
  const second = again(disk);
  const { rewrite } = second;
  second.rewrite = () => {
    throw new Error("No space left on device");
  };
  const { sequences, doubt, readAll, append, told } = start(second);
  assert.match(doubt ?? "", /No space/);
  assert.equal(sequences.at(-1), 7);
  assert.deepEqual(sequencesIn(readAll()), [1, 2, 3, 4, 5, 6, 7, 8]);
  const rewritten: string[] = [];
  second.rewrite = (name, size) => {
    rewritten.push(`${name} ${size}`);
    rewrite.call(second, name, size);
  };
  append(8);
  assert.deepEqual(disk.bytes("data.txt"), lineOf(8, "x"));
  // It is sealed, and so listed as on disk, when it is.
  assert.deepEqual(rewritten, [`data.txt ${2 * LINE_BYTES}`]);
  assert.deepEqual(told, []);
});
