import assert from "node:assert/strict";
import type { AppendTarget } from "../../lib/system/log/append_file.ts";
import { LogFile, type LogFileEvents } from "../../lib/system/log/log_file.ts";
import { timestamp } from "../../lib/system/log/timestamp.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";

const ignore: LogFileEvents = { failed: assert.fail, mended: assert.fail };

/** A file on a disk that has room for so many bytes. */
class TinyFile implements AppendTarget {
  readonly endsInLine: boolean;
  text: string;
  room = Infinity;
  isMoved = false;
  isGone = false;
  isClosed = false;

  constructor(text = "") {
    this.text = text;
    this.endsInLine = text === "" || text.endsWith("\n");
  }

  writeSync(bytes: Uint8Array): number {
    if (this.room === 0) throw new Error("No space left on device");
    const part = bytes.subarray(0, this.room);
    this.room -= part.length;
    this.text += new TextDecoder().decode(part);
    return part.length;
  }

  isNamed(): boolean {
    return !this.isMoved;
  }

  isRemoved(): boolean {
    return this.isGone;
  }

  close(): void {
    this.isClosed = true;
  }

  /** What its lines say, without their times. */
  get lines(): string[] {
    return this.text.split("\n").map((line) => line.replace(/^.{23} - /, ""));
  }
}

/** A log file on `files`, each opened in its turn, and what is told of it. */
function newLogFile(...files: (TinyFile | Error)[]) {
  const turn = new ManualTurn();
  const told: string[] = [];
  const open = () => {
    const file = files.shift()!;
    if (file instanceof Error) throw file;
    return file;
  };
  const log = new LogFile("log.txt", { clock: new ManualClock(), turn }, {
    failed: (_path, reason) => told.push(`failed: ${reason}`),
    mended: (_path, lost) => told.push(`mended: ${lost}`),
  }, open);
  const say = (...texts: string[]) => {
    for (const text of texts) log.line(text);
    turn.end();
  };
  return { log, turn, told, say };
}

const NO_ROOM = "No space left on device";

Deno.test("LogFile on a full disk: no line is glued to half of another, lost ones are told", () => {
  const file = new TinyFile();
  const { log, told, say } = newLogFile(file);
  say("uno");
  file.room = 30;
  say("dos, the beginning of which is written", "tres", "cuatro");
  assert.equal(log.failure, NO_ROOM);
  say("cinco");
  assert.deepEqual(told, [`failed: ${NO_ROOM}`]);
  file.room = Infinity;
  say("seis");
  assert.equal(log.failure, undefined);
  assert.deepEqual(file.lines, [
    "uno",
    "dos,",
    `… 4 lines could not be written: ${NO_ROOM}`,
    "seis",
    "",
  ]);
  assert.deepEqual(told, [`failed: ${NO_ROOM}`, "mended: 4"]);
});

Deno.test("LogFile: what tells of lost lines may be cut off too", () => {
  const file = new TinyFile();
  const { told, say } = newLogFile(file);
  file.room = 0;
  say("uno");
  file.room = 31;
  say("dos");
  file.room = Infinity;
  say("tres");
  assert.deepEqual(file.lines.slice(1), [
    `… 2 lines could not be written: ${NO_ROOM}`,
    "tres",
    "",
  ]);
  assert.deepEqual(told, [`failed: ${NO_ROOM}`, "mended: 2"]);
});

Deno.test("LogFile tells of lost lines also when no more come", () => {
  const file = new TinyFile();
  const { log, say } = newLogFile(file);
  file.room = 0;
  say("uno");
  log.look();
  assert.equal(log.failure, NO_ROOM, "there is no room yet");
  file.room = Infinity;
  log.look();
  assert.equal(log.failure, undefined);
  assert.deepEqual(file.lines, [
    `… 1 line could not be written: ${NO_ROOM}`,
    "",
  ]);
  log.look();
  assert.equal(file.lines.length, 2, "once");
});

Deno.test("LogFile: a look in a turn does not hide that its lines were lost", () => {
  const file = new TinyFile();
  const { log, turn, say } = newLogFile(file);
  file.room = 0;
  say("uno");
  log.line("dos");
  log.look();
  let failure: string | undefined;
  turn.sending(() => failure = log.failure);
  turn.end();
  assert.equal(failure, NO_ROOM);
});

Deno.test("LogFile: what was cut off before it was opened is a line of its own", () => {
  const file = new TinyFile("killed in the mid");
  const { say } = newLogFile(file);
  say("uno");
  say("dos");
  assert.deepEqual(file.lines, ["killed in the mid", "uno", "dos", ""]);
});

Deno.test("LogFile goes on in a new file when the old one was moved", () => {
  const [first, second] = [new TinyFile(), new TinyFile("by another\n")];
  const { log, told, say } = newLogFile(first, second);
  say("uno");
  log.look();
  assert.ok(!first.isClosed);
  first.isMoved = true;
  log.look();
  say("dos");
  assert.deepEqual(first.lines, ["uno", ""]);
  assert.deepEqual(second.lines, ["by another", "dos", ""]);
  assert.ok(first.isClosed);
  assert.deepEqual(told, []);
});

Deno.test("LogFile: a moved file goes on until there can be another", () => {
  const [first, second] = [new TinyFile(), new TinyFile()];
  const denied = new Error("Permission denied");
  const { log, told, say } = newLogFile(first, denied, denied, second);
  first.isMoved = true;
  log.look();
  say("uno");
  log.look();
  say("dos");
  log.look();
  say("tres");
  assert.deepEqual(first.lines, ["uno", "dos", ""]);
  assert.deepEqual(second.lines, ["tres", ""]);
  assert.deepEqual(told, []);
});

Deno.test("LogFile: what would go to a removed file counts as lost", () => {
  const [first, second] = [new TinyFile(), new TinyFile()];
  const gone = new Error("No such file or directory");
  const { log, told, say } = newLogFile(first, gone, second);
  first.isMoved = first.isGone = true;
  log.look();
  say("uno");
  assert.equal(log.failure, gone.message);
  assert.equal(first.text, "");
  log.look();
  assert.equal(log.failure, undefined);
  assert.deepEqual(second.lines, [
    `… 1 line could not be written: ${gone.message}`,
    "",
  ]);
  assert.deepEqual(told, [`failed: ${gone.message}`, "mended: 1"]);
});

Deno.test("timestamp is what Python's logging writes", () => {
  const date = new Date(2026, 10, 3, 8, 3, 5, 7);
  assert.equal(timestamp(date.getTime()), "2026-11-03 08:03:05,007");
});

Deno.test("LogFile writes whole lines once a turn, before answers leave", async () => {
  const path = await Deno.makeTempFile();
  try {
    const clock = new ManualClock();
    const turn = new ManualTurn();
    const file = new LogFile(path, { clock, turn }, ignore);
    const text = () => Deno.readTextFileSync(path);
    file.line("uno");
    clock.advance(1);
    file.begin().ascii("n=").decimal(42).ascii(" ")
      .escaped(new TextEncoder().encode("a\nñ"), 0, 4).end();
    assert.equal(text(), "");
    let hadLines = false;
    turn.sending(() => hadLines = text().split("\n").length === 3);
    turn.end();
    assert.equal(hadLines, true, "an answer could leave before its line");
    const [first = "", second = ""] = text().split("\n");
    assert.match(first, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - uno$/);
    assert.match(second, / - n=42 a\\nñ$/);
    assert.notEqual(first.slice(0, 23), second.slice(0, 23));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("LogFile: a line cannot be forged by what a peer sends", async () => {
  const path = await Deno.makeTempFile();
  try {
    const turn = new ManualTurn();
    const file = new LogFile(
      path,
      { clock: new ManualClock(), turn },
      ignore,
    );
    file.line("uno\n2026-01-01 00:00:00,000 - forged");
    turn.end();
    assert.equal(Deno.readTextFileSync(path).trimEnd().split("\n").length, 1);
  } finally {
    await Deno.remove(path);
  }
});
