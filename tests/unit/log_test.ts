import assert from "node:assert/strict";
import { LogFile } from "../../lib/log/log_file.ts";
import { timestamp } from "../../lib/log/timestamp.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";

Deno.test("timestamp is what Python's logging writes", () => {
  const date = new Date(2026, 10, 3, 8, 3, 5, 7);
  assert.equal(timestamp(date.getTime()), "2026-11-03 08:03:05,007");
});

Deno.test("LogFile writes whole lines once a turn, before answers leave", async () => {
  const path = await Deno.makeTempFile();
  try {
    const clock = new ManualClock();
    const turn = new ManualTurn();
    const file = new LogFile(path, { clock, turn }, assert.fail);
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
      assert.fail,
    );
    file.line("uno\n2026-01-01 00:00:00,000 - forged");
    turn.end();
    assert.equal(Deno.readTextFileSync(path).trimEnd().split("\n").length, 1);
  } finally {
    await Deno.remove(path);
  }
});
