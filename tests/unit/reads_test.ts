/** Reads of a disk that answers late, or not at all. */

import assert from "node:assert/strict";
import { Reads } from "../../lib/data/reads.ts";
import { Restores } from "../../lib/data/restores.ts";
import { Contents } from "../../lib/store/contents.ts";
import { Journal } from "../../lib/store/journal.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { lineOf } from "../support/records.ts";

function newReads() {
  const disk = new MemoryDisk();
  disk.files.set("data.txt", lineOf(1, "x"));
  const turn = new ManualTurn();
  const events = {
    ...{ committed() {}, room() {}, sealed() {}, lost() {} },
    ...{ failed() {}, stored() {} },
  };
  const journal = new Journal(disk, turn, events);
  journal.open(() => {});
  const contents = new Contents(disk, new ManualClock());
  const restores = new Restores(disk, turn, contents, events);
  const told: string[] = [];
  const reads = new Reads(journal, restores);
  const reader = {
    isClogged: false,
    piece: (
      { ticket }: { ticket: number },
      _end: number,
      bytes: Uint8Array,
      failure: string | undefined,
    ) => void told.push(`${ticket} ${failure ?? bytes.length}`),
  };
  const ask = (ticket: number) =>
    reads.ask(reader, { ticket, position: 0, bytesMax: 10, tick: 0, lane: 0 });
  /** The disk is done with what it has begun. */
  const answer = () => {
    for (const done of disk.loads.splice(0)) done();
  };
  return { disk, reads, ask, answer, told };
}

Deno.test("reads are answered one after the other", () => {
  const { ask, answer, told } = newReads();
  ask(1);
  ask(2);
  assert.deepEqual(told, []);
  answer();
  assert.deepEqual(told, ["1 10"]);
  answer();
  assert.deepEqual(told, ["1 10", "2 10"]);
});

Deno.test("reads are refused while the disk does not answer, and go on when it does", () => {
  const { reads, ask, answer, told } = newReads();
  reads.tick(1_000);
  ask(1);
  ask(2);
  reads.tick(10_900);
  assert.deepEqual(told, []);
  reads.tick(11_000);
  const hangs = "the disk does not answer";
  assert.deepEqual(told, [`1 ${hangs}`, `2 ${hangs}`]);
  ask(3);
  assert.equal(told.at(-1), `3 ${hangs}`);
  reads.tick(60_000);
  answer();
  assert.equal(told.length, 3, "who was refused gets no piece");
  ask(4);
  answer();
  assert.equal(told.at(-1), "4 10");
});

Deno.test("reads that wait are bounded", () => {
  const { ask, told } = newReads();
  for (let ticket = 0; ticket < 10_000; ticket++) ask(ticket);
  const refused = told.filter((line) => /too many reads wait/.test(line));
  assert.ok(refused.length > 5_000 && refused.length < 9_900);
});

Deno.test("a read of less than was synced is refused with the reason", () => {
  const { disk, ask, answer, told } = newReads();
  disk.files.set("data.txt", new Uint8Array());
  ask(1);
  answer();
  assert.deepEqual(told, ["1 data.txt is shorter than what was synced"]);
});
