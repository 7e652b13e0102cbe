/** The rules of the source tree, read from the sources. */

import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

function* sourcesUnder(directory: string): Iterable<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* sourcesUnder(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

const sources = ["lib", "roles"].flatMap((part) => [
  ...sourcesUnder(join(root, part)),
]).concat(join(root, "mod.ts")).map((path) => ({
  path: relative(root, path),
  text: Deno.readTextFileSync(path),
}));

/** What a source imports: a path from the root, or the name of a package. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const found = text.matchAll(
    /(?:from|import)\s*\(?\s*"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...found].map((match) => match[1] ?? match[2]!)
    .map((name) => name.startsWith(".") ? join(dirname(path), name) : name);
}

/** The parts of lib that are state machines, codecs, or plain data. */
const pure = [
  "lib/wire/",
  "lib/head/",
  "lib/data/",
  "lib/server/",
  "lib/approach.ts",
  "lib/call.ts",
  "lib/caller.ts",
  "lib/client/core.ts",
  "lib/client/head_pulse.ts",
  "lib/client/window.ts",
  "lib/client/wrong_peer.ts",
  "lib/client/frame_peer_session.ts",
  "lib/client/text_peer_session.ts",
  "lib/reader/client_order.ts",
  "lib/reader/core.ts",
  "lib/reader/doubts.ts",
  "lib/reader/merge.ts",
  "lib/reader/node_stream.ts",
  "lib/reader/session.ts",
  "lib/reader/source.ts",
  "lib/store/block_load.ts",
  "lib/store/contents.ts",
  "lib/store/extents.ts",
  "lib/store/journal.ts",
  "lib/store/nodes_file.ts",
  "lib/store/journal_opening.ts",
  "lib/store/lanes.ts",
  "lib/store/set_aside.ts",
  "lib/store/stock.ts",
  "lib/store/record.ts",
  "lib/store/recovery.ts",
  "lib/store/segment_files.ts",
  "lib/store/escape.ts",
  "lib/counted.ts",
  "lib/fifo.ts",
  "lib/heartbeat/attentive_clock.ts",
  "lib/heartbeat/beat_interval.ts",
  "lib/heartbeat/estimate.ts",
  "lib/heartbeat/pulse.ts",
  "lib/identity.ts",
  "lib/useless_session.ts",
  "lib/limits.ts",
];
const isPure = (path: string) => pure.some((part) => path.startsWith(part));

Deno.test("imports point one way: mod.ts, roles, lib", () => {
  assert.ok(sources.length > 50, "sources were not found");
  for (const source of sources) {
    for (const name of importsOf(source)) {
      const message = `${source.path} imports ${name}`;
      if (source.path.startsWith("lib/")) {
        assert.ok(!name.startsWith("roles/") && name !== "mod.ts", message);
      }
      if (source.path.startsWith("roles/")) {
        assert.notEqual(name, "mod.ts", message);
      }
    }
  }
});

Deno.test("wire and store import no role, no core and no socket", () => {
  for (const source of sources) {
    if (!/^lib\/(wire|store)\//.test(source.path)) continue;
    for (const name of importsOf(source)) {
      assert.doesNotMatch(
        name,
        /^lib\/(net|head|data|client|server|heartbeat|cli)\b/,
        `${source.path} imports ${name}`,
      );
    }
  }
});

Deno.test("cores have no clock, chance, timer, promise or system of their own", () => {
  const banned =
    /\bDeno\.|\bDate\.now|\bMath\.random|\bperformance\b|\bset(Timeout|Interval)\b|\bPromise\b|\bawait\b|\bfetch\(/;
  let checked = 0;
  for (const { path, text } of sources) {
    if (!isPure(path)) continue;
    checked++;
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/\/\/.*$/gm, "");
    assert.doesNotMatch(code, banned, path);
  }
  assert.ok(checked > 40, "cores were not found");
});

Deno.test("cores import only cores", () => {
  for (const source of sources) {
    if (!isPure(source.path)) continue;
    for (const name of importsOf(source)) {
      const allowed = isPure(name) || name === "lib/ports.ts" ||
        name.startsWith("lib/store/") && name !== "lib/store/deno_disk.ts" ||
        name === "lib/client/events.ts";
      assert.ok(allowed, `${source.path} imports ${name}`);
    }
  }
});

Deno.test("libraries are known to one module each", () => {
  const known: string[] = [];
  for (const source of sources) {
    for (const name of importsOf(source)) {
      const library = /^(?:npm:|jsr:)?(@\w+\/\w+)/.exec(name)?.[1];
      if (library !== undefined) known.push(`${library} in ${source.path}`);
    }
  }
  assert.deepEqual(known.sort(), [
    "@logtape/logtape in lib/log.ts",
    "@optique/core in lib/cli.ts",
  ]);
});

Deno.test("every module says what it is", () => {
  for (const { path, text } of sources) {
    assert.match(text, /^\/\*\*[\s\S]*?@module/, path);
  }
});
