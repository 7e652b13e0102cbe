/** The rules of the source tree, read from the sources. */

import assert from "node:assert/strict";
import {
  importsOf,
  outside,
  sources,
  storeyOf,
} from "../support/source_tree.ts";

/**
 * The folders of lib, each with those that it imports from. What is not named
 * here is not imported: the order is that of the tree's storeys, so no folder
 * can be below and above another.
 */
const storeys: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  store: ["base", "wire"],
  liveness: ["base", "wire"],
  calling: ["base", "wire", "liveness"],
  head: ["base", "wire", "store", "liveness"],
  data: ["base", "wire", "store", "liveness", "calling"],
  client: ["base", "wire", "liveness", "calling"],
  reader: ["base", "wire", "store", "liveness", "calling"],
  server: ["base", "wire"],
  system: ["base", "wire", "store"],
  library: ["base", "wire", "store", "client", "reader", "system"],
  cli: ["base", "wire", "client", "head", "system", "library"],
};

Deno.test("every file of lib is in a folder that is known here", () => {
  assert.ok(sources.length > 50, "sources were not found");
  const found = new Set<string>();
  for (const { path } of sources) {
    if (!path.startsWith("lib/")) continue;
    const storey = storeyOf(path);
    assert.ok(storey !== undefined && storey in storeys, path);
    found.add(storey);
  }
  assert.deepEqual([...found].sort(), Object.keys(storeys).sort());
});

Deno.test("imports point one way: mod.ts, roles, lib, and down its storeys", () => {
  const built: string[] = [];
  for (const [storey, below] of Object.entries(storeys)) {
    for (const name of below) assert.ok(built.includes(name), storey);
    built.push(storey);
  }
  for (const source of sources) {
    const storey = storeyOf(source.path);
    for (const name of importsOf(source)) {
      const message = `${source.path} imports ${name}`;
      // A package, or a file of roles or lib; a role knows all of them.
      const isOurs = name.includes("/") && name.endsWith(".ts") &&
        !name.startsWith("npm:");
      assert.ok(!isOurs || /^(lib|roles)\//.test(name), message);
      if (storey === undefined || !isOurs) continue;
      const imported = storeyOf(name);
      assert.ok(imported !== undefined, message);
      assert.ok(
        imported === storey || storeys[storey]!.includes(imported),
        message,
      );
    }
  }
});

Deno.test("no source imports itself, by whatever way, types included", () => {
  const imports = new Map(
    sources.map((source) => [source.path, importsOf(source)]),
  );
  const done = new Set<string>();
  const under: string[] = [];
  const visit = (path: string) => {
    assert.ok(!under.includes(path), [...under, path].join(" imports "));
    if (done.has(path)) return;
    under.push(path);
    for (const name of imports.get(path) ?? []) visit(name);
    under.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  assert.equal(done.size > sources.length - 1, true);
});

Deno.test("only system, library and cli know the system, a timer, a promise or a clock", () => {
  const banned =
    /\bDeno\b|\bDate\.now|\bnew Date\(\)|\bMath\.random|\bperformance\b|\bset(Timeout|Interval)\b|\bPromise\b|\basync\b|\.then\(|\bawait\b|\bfetch\(|"node:/;
  for (const { path, text } of sources) {
    const storey = storeyOf(path);
    if (storey === undefined || outside.includes(storey)) continue;
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/\/\/.*$/gm, "");
    assert.doesNotMatch(code, banned, path);
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
    "@logtape/logtape in lib/system/log.ts",
    "@optique/core in lib/cli/flags.ts",
  ]);
});

Deno.test("every module says what it is", () => {
  for (const { path, text } of sources) {
    assert.match(text, /^\/\*\*[\s\S]*?@module/, path);
  }
});
