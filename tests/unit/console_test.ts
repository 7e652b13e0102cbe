import assert from "node:assert/strict";
import { Console, type ConsoleStream } from "../../lib/system/log/console.ts";
import { jsonLine, textLine } from "../../lib/system/log/console_line.ts";

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

const leftOut = (lines: number) => `left out: ${lines}`;

Deno.test("Console shows every line of one that is read slowly, in order", async () => {
  const stream = new SlowStream();
  const console = new Console(stream, leftOut);
  console.line("uno");
  console.line("dos");
  await stream.release(console.shown());
  console.line("tres");
  await stream.release(console.shown());
  assert.equal(stream.text, "uno\ndos\ntres\n");
});

Deno.test("Console keeps a bounded number of lines for one that is not read", async () => {
  const stream = new SlowStream();
  const console = new Console(stream, leftOut);
  const line = "x".repeat(999);
  for (let i = 0; i < 2_000; i++) console.line(line);
  await stream.release(console.shown());
  const lines = stream.text.split("\n");
  const shown = lines.filter((shown) => shown === line).length;
  assert.ok(shown >= 240 && shown < 560, `${shown}`);
  assert.ok(lines.includes(leftOut(2_000 - shown)), lines.at(-2));
});

Deno.test("Console shows what waits before an exit", () => {
  const stream = new SlowStream();
  const console = new Console(stream, leftOut);
  console.line("adios");
  console.showNow();
  assert.equal(stream.text, "adios\n");
});

Deno.test("Console shows one line that is longer than all that may wait", async () => {
  const stream = new SlowStream();
  const console = new Console(stream, leftOut);
  const line = "x".repeat(300_000);
  console.line(line);
  await stream.release(console.shown());
  assert.equal(stream.text, `${line}\n`);
});

const record = {
  timestamp: 0,
  level: "warning",
  text: "a\\b \x1b[2J\n\x7f\x9b\u202e\u2066 ñ",
  properties: { node: "\x9b\u202e" },
};

Deno.test("textLine: what a terminal obeys is shown instead, once", () => {
  const plain = textLine(record, { role: "head", color: false });
  assert.ok(
    plain.endsWith(
      " head  warning: a\\b \\x1b[2J\\n\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x81\\xa6 ñ",
    ),
    plain,
  );
  const colored = textLine(record, { role: "head", color: true });
  assert.equal(colored.split("\x1b").length, 7, "only the escapes of ours");
});

Deno.test("jsonLine: it is harmless to a terminal, and stands for what was said", () => {
  const line = jsonLine(record, { role: "head", color: false });
  assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  assert.match(line, /\\u009b\\u202e/);
  const { message, node } = JSON.parse(line);
  assert.equal(message, record.text);
  assert.equal(node, record.properties.node);
});

Deno.test("a line of the console has some screens full, and says how much is left", () => {
  const style = { role: "head", color: false };
  const long = { ...record, properties: {}, text: "\x1b".repeat(20_000) };
  assert.match(textLine(long, style), /x1b… and 11808 characters more$/);
  const { message } = JSON.parse(jsonLine(long, style));
  assert.match(message, /… and 11808 characters more$/);
});
