import assert from "node:assert/strict";
import { DRAIN_MS_MAX, HOST_UNKNOWN_MS_MAX } from "../../lib/base/limits.ts";
import { UNKNOWN_HOST, UNRESOLVED_HOST } from "../../lib/system/dial.ts";
import { readLines } from "../../roles/lines.ts";
import { newDrain, newHopelessness } from "../../roles/running.ts";
import { ManualClock } from "../support/manual_clock.ts";

Deno.test("a drain finishes, then closes, then is over", () => {
  const told: string[] = [];
  let isIdle = false;
  let isClosed = false;
  const isOver = newDrain(new ManualClock(), {
    isIdle: () => isIdle,
    close: () => told.push("close"),
    isClosed: () => isClosed,
  });
  assert.equal(isOver(), false);
  assert.deepEqual(told, []);
  isIdle = true;
  assert.equal(isOver(), false);
  isClosed = true;
  assert.equal(isOver(), true);
  assert.deepEqual(told, ["close"]);
});

Deno.test("a drain waits so long and no longer, at every step", () => {
  for (const isIdle of [false, true]) {
    const clock = new ManualClock();
    const isOver = newDrain(clock, {
      isIdle: () => isIdle,
      close: () => {},
      isClosed: () => false,
    });
    clock.advance(DRAIN_MS_MAX);
    assert.equal(isOver(), false);
    clock.advance(1);
    assert.equal(isOver(), true);
  }
});

Deno.test("there is hope while one of the peers may have a name", () => {
  const clock = new ManualClock();
  const isHopeless = newHopelessness(clock, ["a:1", "b:1"]);
  assert.equal(isHopeless("a:1", UNKNOWN_HOST), false);
  clock.advance(HOST_UNKNOWN_MS_MAX + 1);
  assert.equal(isHopeless("b:1", "nobody listens there"), false);
  assert.equal(isHopeless("a:1", UNKNOWN_HOST), false);
  assert.equal(isHopeless("b:1", UNRESOLVED_HOST), false);
  assert.equal(isHopeless("b:1", UNKNOWN_HOST), true);
});

Deno.test("readLines gives every line, whatever the chunks are", async () => {
  const long = "x".repeat(300_000);
  const text = `uno\r\n\n${long}\ndos\nsin fin`;
  for (const size of [7, 4096, text.length]) {
    const bytes = new TextEncoder().encode(text);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) {
          controller.enqueue(bytes.slice(at, at + size));
        }
        controller.close();
      },
    });
    const lines: string[] = [];
    for await (const line of readLines(stream, new AbortController().signal)) {
      lines.push(
        typeof line === "string" ? line : new TextDecoder().decode(line),
      );
    }
    assert.deepEqual(
      lines,
      ["uno", "", "too long", "dos", "sin fin"],
      `${size}`,
    );
  }
});
