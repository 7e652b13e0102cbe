/**
 * `deno task compile`: writes ./sd-node.
 *
 * `deno compile` needs a runtime that it downloads. Where the network refuses
 * that, a self-extracting executable of the same name is written instead:
 * a small shell script, the deno binary that runs this, and the bundled
 * program, in one file.
 *
 * @module
 */

import { permissions } from "./permissions.ts";
import { selfExtractingScript } from "./self_extracting.ts";
import { VERSION } from "../mod.ts";

const OUTPUT = "sd-node";
const TEMPORARY = `${OUTPUT}.tmp`;
const BUNDLE = `${OUTPUT}.tmp.js`;

const root = new URL("..", import.meta.url);
Deno.chdir(root);
await removeTemporary();
try {
  await compile();
} finally {
  await removeTemporary();
}

async function compile(): Promise<void> {
  const failure = await deno([
    "compile",
    "--quiet",
    ...permissions,
    `--output=${TEMPORARY}`,
    "mod.ts",
  ]);
  if (failure === undefined) {
    await Deno.rename(TEMPORARY, OUTPUT);
    console.log(`Wrote ./${OUTPUT} (deno compile)`);
    return;
  }
  if (!isDownloadRefused(failure)) {
    fail("deno compile", failure);
  }
  console.log(
    "deno compile cannot download its runtime 'denort' here; " +
      "writing a self-extracting executable instead",
  );
  await writeSelfExtracting();
}

async function writeSelfExtracting(): Promise<void> {
  const failure = await deno([
    "bundle",
    "--quiet",
    // Else LogTape brings Node's `util` with it, which each start waits for.
    "--platform=browser",
    `--output=${BUNDLE}`,
    "mod.ts",
  ]);
  if (failure !== undefined) fail("deno bundle", failure);
  const program = new TextEncoder().encode(
    withLazySegmenter(await Deno.readTextFile(BUNDLE)),
  );
  // One letter that is none would make it start a tenth slower: V8 then keeps
  // the whole program in two bytes a character. The bundler escapes what it
  // can, which is all but the text of tagged templates.
  if (program.some((byte) => byte > 0x7f)) {
    fail("deno bundle", "the program is not ASCII");
  }
  const runtime = await Deno.readFile(Deno.execPath());
  const script = new TextEncoder().encode(
    selfExtractingScript({
      version: VERSION,
      id: await idOf(runtime, program),
      runtimeBytes: runtime.length,
      programBytes: program.length,
      permissions,
    }),
  );
  using file = await Deno.open(TEMPORARY, {
    write: true,
    create: true,
    truncate: true,
    mode: 0o755,
  });
  for (const part of [script, runtime, program]) {
    for (let at = 0; at < part.length;) {
      at += await file.write(part.subarray(at));
    }
  }
  await Deno.rename(TEMPORARY, OUTPUT);
  const megabytes = Math.round(
    (script.length + runtime.length + program.length) / 1e6,
  );
  console.log(`Wrote ./${OUTPUT} (self-extracting, ${megabytes} MB)`);
}

/**
 * Optique makes a segmenter of graphemes at each start, for which ICU reads its
 * tables for 15 ms; only lines that are wrapped need it.
 */
function withLazySegmenter(program: string): string {
  const parts = program.split(
    /(\bsegmenter = )(new Intl\.Segmenter\([^;]*\));/,
  );
  const [before = "", name = "", segmenter = "", after = ""] = parts;
  if (parts.length !== 4) {
    fail("deno bundle", "Optique makes no segmenter, or two");
  }
  return `${before}${name}{ segment: (text) => (${segmenter}).segment(text) };${after}`;
}

/** What tells this build from others in a cache. */
async function idOf(...parts: readonly Uint8Array<ArrayBuffer>[]) {
  let id = "";
  for (const part of parts) {
    const hash = await crypto.subtle.digest("SHA-256", part);
    id += new Uint8Array(hash).toHex().slice(0, 12);
  }
  return `${VERSION}-${id}`;
}

/** Runs deno. @returns What it said, if it failed. */
async function deno(args: readonly string[]): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command("deno", {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr);
}

function isDownloadRefused(failure: string): boolean {
  return failure.includes("denort") || failure.includes("dl.deno.land");
}

function fail(what: string, failure: string): never {
  console.error(`Cannot compile: ${what} failed:\n${failure.trim()}`);
  Deno.exit(1);
}

async function removeTemporary(): Promise<void> {
  for await (const { name } of Deno.readDir(".")) {
    if (name.startsWith(TEMPORARY)) await Deno.remove(name);
  }
}
