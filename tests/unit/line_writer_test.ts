/** Lines to a stream that is full, slow, or takes a part of what it is given. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LineWriter } from "../../lib/system/line_writer.ts";
import { bytesOf } from "../../lib/base/ascii.ts";

/**
 * A pipe that does not wait, behind Deno's standard output: up to 4,096 bytes
 * it takes whole or not at all; of more it takes what fits, and then throws as
 * if it had taken nothing. Its reader empties it whenever it was full.
 */
class FullPipe {
  readonly #capacity: number;
  #room: number;
  read = "";
  refusals = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#room = capacity;
  }

  writeSync(bytes: Uint8Array): number {
    const fits = bytes.length <= this.#room;
    const taken = fits || bytes.length > 4_096
      ? bytes.subarray(0, this.#room)
      : bytes.subarray(0, 0);
    this.read += new TextDecoder("latin1").decode(taken);
    this.#room -= taken.length;
    if (fits) return bytes.length;
    this.#room = this.#capacity;
    this.refusals++;
    throw new Deno.errors.WouldBlock();
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve().then(() => this.writeSync(bytes));
  }
}

Deno.test("every byte reaches a pipe that does not wait, once and in order", async () => {
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(9_000), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 4_096, max: 70_000 }),
      async (lengths, capacity) => {
        const pipe = new FullPipe(capacity);
        const writer = new LineWriter(pipe);
        const lines = lengths.map((length, i) =>
          `${`${i} `.repeat(length).slice(0, length)}\n`
        );
        const half = lines.length >> 1;
        await writer.write(bytesOf(lines.slice(0, half).join("")));
        await writer.write(bytesOf(lines.slice(half).join("")));
        assert.equal(pipe.read, lines.join(""));
        refusals += pipe.refusals;
      },
    ),
    { numRuns: 30 },
  );
  assert.ok(refusals > 30, "the pipe was never full");
});

/** Tells how it was written to. */
class Watched {
  sync = 0;
  async = 0;
  /** How long a reader lets a writer wait, in ms. */
  pauseMs = 0;

  writeSync(bytes: Uint8Array): number {
    this.sync++;
    return bytes.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.async++;
    if (this.pauseMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    return bytes.length;
  }
}

Deno.test("a reader that keeps pace is written to at once, a slow one beside other work", async () => {
  const stream = new Watched();
  const writer = new LineWriter(stream);
  const lines = bytesOf(`${"x".repeat(1_023)}\n`.repeat(1_024));
  await writer.write(lines);
  const pieces = 256;
  assert.equal(stream.async + stream.sync, pieces);
  assert.ok(stream.async >= 32, "it was trusted before it had read");
  assert.ok(stream.sync > 0, "it was never trusted");
  // A reader that makes us wait is waited for; and each call begins so.
  stream.pauseMs = 20;
  const { async, sync } = stream;
  await writer.write(lines.subarray(0, 16 * 1024));
  assert.deepEqual([stream.async - async, stream.sync - sync], [4, 0]);
});

Deno.test("other failures are thrown, and none of the rest is written", async () => {
  for (const error of [new Deno.errors.BrokenPipe(), new Error("ENOSPC")]) {
    let calls = 0;
    const fail = () => {
      calls++;
      throw error;
    };
    const writer = new LineWriter({
      writeSync: fail,
      write: () => Promise.resolve().then(fail),
    });
    await assert.rejects(writer.write(bytesOf("uno\n".repeat(9_000))), error);
    assert.equal(calls, 1);
  }
});
