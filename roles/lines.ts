/**
 * The lines of a stream, as bytes, so that any encoding passes unchanged.
 *
 * @module
 */

const LF = 10;
const CR = 13;

/**
 * The lines of `stream`, without their endings (LF, or CR LF). A last line
 * without an ending counts; an empty stream has none.
 *
 * @param signal Ends the lines early.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}));
  let rest = new Uint8Array(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (done || signal.aborted) break;
    const bytes = joined(rest, value);
    let at = 0;
    for (;;) {
      const lf = bytes.indexOf(LF, at);
      if (lf < 0) break;
      yield withoutCr(bytes.subarray(at, lf));
      at = lf + 1;
    }
    rest = bytes.slice(at);
  }
  if (rest.length > 0 && !signal.aborted) yield withoutCr(rest);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
