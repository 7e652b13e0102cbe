import assert from "node:assert/strict";
import { Console, type ConsoleStream } from "../../lib/log/console.ts";

/** A stream that takes what it is given when the test lets it. */
class SlowStream implements ConsoleStream {
  text = "";
  readonly #decoder = new TextDecoder();
  #open: (() => void) | undefined;

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve) => {
      this.#open = () => resolve(this.writeSync(bytes));
    });
  }

  /** Takes three bytes at most, as a stream may. */
  writeSync(bytes: Uint8Array): number {
    const part = bytes.subarray(0, 3);
    this.text += this.#decoder.decode(part, { stream: true });
    return part.length;
  }

  /** Lets all pass that waits. */
  async release(shown: Promise<void>): Promise<void> {
    let isShown = false;
    shown.then(() => isShown = true);
    while (!isShown) {
      this.#open?.();
      this.#open = undefined;
      await Promise.resolve();
    }
  }
}

Deno.test("Console shows every line of one that is read slowly, in order", async () => {
  const stream = new SlowStream();
  const console = new Console(stream);
  console.line("uno");
  console.line("dos");
  await stream.release(console.shown());
  console.line("tres");
  await stream.release(console.shown());
  assert.equal(stream.text, "uno\ndos\ntres\n");
});

Deno.test("Console keeps a bounded number of lines for one that is not read", async () => {
  const stream = new SlowStream();
  const console = new Console(stream);
  const line = "x".repeat(999);
  for (let i = 0; i < 1_000; i++) console.line(line);
  await stream.release(console.shown());
  const lines = stream.text.split("\n");
  const shown = lines.filter((shown) => shown === line).length;
  assert.ok(shown >= 60 && shown < 140, `${shown}`);
  assert.ok(
    lines.includes(
      `… and ${1_000 - shown} lines that nobody was there to read`,
    ),
    lines.at(-2),
  );
});

Deno.test("Console shows what waits before an exit", () => {
  const stream = new SlowStream();
  const console = new Console(stream);
  console.line("adios");
  console.showNow();
  assert.equal(stream.text, "adios\n");
});
