/**
 * The simulation has teeth: each of these faults, put into a copy of the
 * sources, is caught within some seeds.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Directory } from "../support/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Seeds within which every fault must be caught. */
const SEEDS = 3_000;

interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Stands once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The simulation that catches it, if it is not the one of delivery. */
  readonly test?: string;
}

const mutations: readonly Mutation[] = [
  {
    name: "acknowledge before the sync",
    file: "lib/store/journal.ts",
    find: "    this.#disk.append(\n      this.#names.active,",
    replace: "    this.#events.committed(commit, undefined);\n" +
      "    this.#disk.append(\n      this.#names.active,",
  },
  {
    name: "take a failed sync for a good one",
    file: "lib/store/journal.ts",
    find: "this.#events.committed(commit, failure);",
    replace: "this.#events.committed(commit, undefined);",
  },
  {
    name: "trust what a killed process left unsynced",
    file: "lib/store/journal_opening.ts",
    find: "      if (isDoubtful) disk.rewrite(active, fileBytes);\n    });\n" +
      "    attempt(() => disk.sync(active));\n",
    replace: "    });\n",
  },
  {
    name: "believe what was readable after a sync had failed",
    file: "lib/store/journal_opening.ts",
    find: "if (isDoubtful) disk.rewrite(active, fileBytes);",
    replace: "if (isDoubtful) disk.sync(active);",
  },
  {
    name: "leave the torn end of a segment",
    file: "lib/store/journal_opening.ts",
    find: "if (end.restBytes > end.recordBytes) {",
    replace: "if (end.restBytes < 0) {",
  },
  {
    name: "believe records without their checksum",
    file: "lib/store/record.ts",
    find: "return readHex32(bytes, idEnd + 1) ===",
    replace: "return readHex32(bytes, idEnd + 1) !== -1 || 1 ===",
  },
  {
    name: "answer a message that comes again before it is synced",
    file: "lib/data/tickets.ts",
    find: "if (commit <= doneCommit) {",
    replace: "if (commit < Infinity) {",
  },
  {
    name: "remember what a failed commit has lost",
    file: "lib/data/core.ts",
    find: "this.seen.forget(commit);",
    replace: "this.seen.keep(commit);",
  },
  {
    name: "place a client's messages without asking who knows it",
    file: "lib/head/delivery/recalls.ts",
    find: "return newest > past.recalledAt ||",
    replace: "return newest < 0 ||",
    test: "reuse",
  },
  {
    name: "store again what is known elsewhere",
    file: "lib/head/delivery/placing.ts",
    find: "this.#knowerAmong(batch) ?? this.#placement(candidates);",
    replace: "this.#placement(candidates);",
    test: "reuse",
  },
  {
    name: "compare no message with the one before",
    file: "lib/wire/print.ts",
    find: "return crc === 0 ? 1 : crc >>> 0;",
    replace: "return crc === 0 ? 1 : 2;",
    test: "reuse",
  },
  {
    name: "keep a node's time when a head is ahead of it",
    file: "lib/data/core.ts",
    find: "const next = Math.max(this.#tick, tick) + 1;",
    replace: "const next = this.#tick + 1 + 0 * tick;",
  },
  {
    name: "skip redelivery when a data node leaves",
    file: "lib/head/delivery/delivery.ts",
    find: "placedAnew += batch.count;\n        this.#placeOrWait(batch);",
    replace: "placedAnew += batch.count;",
  },
  {
    name: "forget messages that gather until others are answered",
    file: "lib/head/delivery/gathering.ts",
    find: "    if (this.#isEnough()) this.#release();\n",
    replace: "    if (this.#isEnough()) this.#release();\n" +
      "    else this.#batches.length = 0;\n",
  },
  {
    name: "forget messages that wait for a data node",
    file: "lib/head/delivery/waiting.ts",
    find: "    line.queue.push(batch);",
    replace: "",
  },
  {
    name: "answer after the first of several copies",
    file: "lib/head/delivery/delivery.ts",
    find: "      this.#events.stored(batch, member);\n" +
      "      if (batch.storedBy.length >= batch.wanted) ",
    replace: "      this.#events.stored(batch, member);\n      ",
  },
  {
    name: "keep batches that nobody waits for",
    file: "lib/head/delivery/delivery.ts",
    find: "batch.wanted) this.#answerStored(batch);\n    }\n" +
      "    this.#release(batch);",
    replace: "batch.wanted) this.#answerStored(batch);\n    }",
  },
  {
    name: "count a data node that came back as another",
    file: "lib/head/delivery/batch.ts",
    find: "isHeldBy({ holders }: Batch, { id }: Holder): boolean {\n" +
      "  for (const holder of holders) if (holder.id === id) return true;",
    replace: "isHeldBy({ holders }: Batch, member: Holder): boolean {\n" +
      "  if (holders.includes(member)) return true;",
  },
  {
    name: "give a text client's messages one sequence",
    file: "lib/head/sessions/text_client_session.ts",
    find: "return this.#nextSequence++;",
    replace: "return this.#nextSequence;",
  },
  {
    name: "answer a text client out of order",
    file: "lib/head/sessions/text_client_session.ts",
    find: "this.#answers.set(sequence - this.#firstUnanswered, text);",
    replace: "this.#answers.set(0 * sequence, text);",
  },
  {
    name: "do not send again what a lost connection left unanswered",
    file: "lib/client/core.ts",
    find: "        this.outbox.resendAll();\n",
    replace: "",
  },
  {
    name: "claim that everything before a message was answered",
    file: "lib/client/outbox.ts",
    find: "fields.floor = this.#first;",
    replace: "fields.floor = first;",
  },
  {
    name: "read back what came twice, twice",
    file: "lib/reader/client_order.ts",
    find: "if (this.#closeGap(sequence)) emit(record);",
    replace: "emit(record);",
  },
  {
    name: "read back without the lanes",
    file: "lib/reader/core.ts",
    find: "for (let number = 1; number <= lanes; number++) {",
    replace: "for (let number = 1; number <= 0 * lanes; number++) {",
    test: "repair",
  },
  {
    name: "acknowledge what is restored before the sync",
    file: "lib/data/restores.ts",
    find: "    lane.journal.appendLines(bytes, from, to);\n",
    replace: "    lane.journal.appendLines(bytes, from, to);\n" +
      "    lane.waiting.pop();\n    restorer.restored(ticket, undefined);\n",
    test: "repair",
  },
  {
    name: "put restored records where they break the order",
    file: "lib/data/restores.ts",
    find: "if (lane.tick <= tick) return lane;",
    replace: "if (lane.tick <= tick + Infinity) return lane;",
    test: "repair",
  },
  {
    name: "count a copy of one data node for two",
    file: "lib/head/repair/repair_pass.ts",
    find: "} else if (!known.holders.includes(member.id)) {",
    replace: "} else {",
    test: "repair",
  },
  {
    name: "count a copy that is lost before its message is answered",
    file: "lib/head/delivery/delivery.ts",
    find: "batch.storedBy.some((member) => member.id === id)",
    replace: "batch.storedBy.some((member) => member.id === `${id}?`)",
    test: "disk_faults",
  },
  {
    name: "answer for a file that is not there any more",
    file: "lib/store/segment_files.ts",
    find: "const found = this.#disk.check(this.#names.active, size);",
    replace: "const found = undefined;",
    test: "disk_faults",
  },
  {
    name: "forget what others have taken away",
    file: "lib/store/segment_files.ts",
    find: "if (loss !== undefined) entries.push(loss);",
    replace: "",
    test: "disk_faults",
  },
  {
    name: "do not compare segments with what was noted",
    file: "lib/store/stock.ts",
    find: "if (!isThere) return bytes === 0 ? [] : [lose",
    replace: "if (!isThere) return bytes >= 0 ? [] : [lose",
    test: "disk_faults",
  },
  {
    name: "read back without waiting for slower data nodes",
    file: "lib/store/merge.ts",
    find: "if (stream.front() === Front.nothing) return true;",
    replace: "",
  },
  {
    name: "call whole what fewer disks had than are away",
    file: "lib/head/members/pass_verdict.ts",
    find: "const isWhole = absent.every(({ copies }) => copies > disks);",
    replace: "const isWhole = absent.every(({ copies }) => copies > 0);",
    test: "truth",
  },
  {
    name: "forget that a message had fewer copies than those before",
    file: "lib/head/members/roster.ts",
    find: "if (node === undefined || node.copies <= copies) return;",
    replace: "if (node === undefined || node.copies < NO_MESSAGES) return;",
    test: "truth",
  },
  {
    name: "count copies of records that a data node has lost",
    file: "lib/head/members/pass_verdict.ts",
    find: "      if (!isWhole && lacking.includes(node)) continue;\n",
    replace: "",
    test: "truth",
  },
  {
    name: "repair what this very pass has restored",
    file: "lib/head/repair/repair_pass.ts",
    find: "if (source.lane > 0 || source.knowsLanes) return;",
    replace: "if (source.lane > 0) return;",
    test: "repair",
  },
  {
    name: "judge a record before others of its tick are met",
    file: "lib/head/repair/repair_pass.ts",
    find: "unjudged.tick >= tickReached",
    replace: "unjudged.tick > Infinity * tickReached",
    test: "repair",
  },
  {
    name: "make the copies of an outage only with the next message",
    file: "lib/head/repair/repairer.ts",
    find: "(this.#isAsked || this.#isShort(nowMs) ||",
    replace: "(this.#isAsked ||",
    test: "repair",
  },
  {
    name: "restore more in one frame than a data node takes",
    file: "lib/head/repair/copies.ts",
    find: "if (lines.length + line.length + 1 > roomOf(member)) {",
    replace: "if (lines.length < 0) {",
    test: "repair",
  },
];

/** Runs the simulation on a copy of the sources with one fault in it. */
async function runMutant(
  { file, find, replace, test = "delivery" }: Mutation,
  seeds: number = SEEDS,
): Promise<{ code: number; out: string }> {
  await using directory = new Directory();
  for (const part of ["lib", "tests/support", "tests/simulation"]) {
    await copyAll(`${root}${part}`, directory.at(part));
  }
  const source = await Deno.readTextFile(directory.at(file));
  assert.equal(source.split(find).length, 2, `'${find}' stands not once`);
  await Deno.writeTextFile(directory.at(file), source.replace(find, replace));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--quiet",
      "--no-check",
      "--no-config",
      "--no-lock",
      "--allow-env=SD_SEED",
      `tests/simulation/${test}_test.ts`,
    ],
    cwd: directory.path,
    env: { SD_SEED: `1-${seeds}`, NO_COLOR: "1" },
    stderr: "null",
  }).output();
  return { code, out: new TextDecoder().decode(stdout) };
}

async function copyAll(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyAll(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test("without a fault, the copy of the sources passes", async () => {
  const file = "lib/base/limits.ts";
  const find = "export const DEFAULT_PORT = 5000;";
  const { code, out } = await runMutant(
    { name: "none", file, find, replace: find },
    100,
  );
  assert.equal(code, 0, out);
});

const only = Deno.env.get("SD_MUTATION");

for (const mutation of mutations) {
  if (only !== undefined && !mutation.name.includes(only)) continue;
  Deno.test(`a fault is caught: ${mutation.name}`, async () => {
    const { code, out } = await runMutant(mutation);
    assert.notEqual(code, 0, "it was not caught");
    // By the simulation, and not because the mutant does not run at all.
    assert.match(out, /Seed \d+ fails; again/, out);
  });
}
