/** docs/architecture.md and its picture say what the sources are. */

import assert from "node:assert/strict";
import { pictureOfTree } from "../../.tasks/picture_of_tree.ts";
import { sources } from "../support/source_tree.ts";

const root = new URL("../../", import.meta.url);
const document = Deno.readTextFileSync(new URL("docs/architecture.md", root));

/** What stands between backquotes, each once. */
const quoted = [
  ...new Set(
    [...document.matchAll(/`([^`\n]+)`/g)].map(([, words]) => words!),
  ),
];

/** The bodies of all classes and interfaces of this name. */
function bodiesOf(name: string): string[] {
  const found = new RegExp(
    `^export (?:abstract )?(?:class|interface) ${name}\\b[^]*?^}`,
    "gm",
  );
  return sources.flatMap(({ text }) => text.match(found) ?? []);
}

Deno.test("docs/architecture.md names files that there are", () => {
  const path = /\b(?:lib|roles|tests|\.tasks)\/[\w/.]*\.ts\b/g;
  const missing = [...new Set(document.match(path))].filter((name) =>
    !exists(name)
  );
  assert.deepEqual(missing, []);
});

Deno.test("docs/architecture.md names folders that there are", () => {
  const folder = /^(?:lib|roles|tests|\.tasks)(?:\/\w+)*\/?$/;
  assert.deepEqual(
    quoted.filter((name) => folder.test(name) && !exists(name)),
    [],
  );
});

Deno.test("docs/architecture.md names every folder of sources", () => {
  const folders = new Set(
    sources.filter(({ path }) => path.includes("/"))
      .map(({ path }) => path.slice(0, path.lastIndexOf("/"))),
  );
  // What the log is made of is told by its one front, log.ts.
  folders.delete("lib/system/log");
  for (const folder of folders) {
    assert.match(document, new RegExp(`\\| \`${folder}/?\``), folder);
  }
});

Deno.test("docs/architecture.md names methods that classes have", () => {
  const missing = quoted.filter((words) => {
    const [, name, member] = /^([A-Z]\w+)\.(#?\w+)$/.exec(words) ?? [];
    if (name === undefined) return false;
    const has = new RegExp(
      `^  (?:protected |override |abstract |readonly |static |get |async )*${member}\\b`,
      "m",
    );
    return !bodiesOf(name).some((body) => has.test(body));
  });
  assert.deepEqual(missing, []);
});

Deno.test("docs/architecture.md names classes and functions that there are", () => {
  const missing = quoted.filter((words) => {
    const [, type, call] = /^([A-Z][a-z]\w+)$|^([a-z]\w+)\(\)$/.exec(words) ??
      [];
    const name = type ?? call;
    if (name === undefined) return false;
    const is = new RegExp(
      `^export (?:async |abstract )?(?:class|interface|function|const|type) ${name}\\b`,
      "m",
    );
    return !sources.some(({ text }) => is.test(text));
  });
  assert.deepEqual(missing, []);
});

Deno.test("docs/architecture.svg is what the sources give: deno task architecture", () => {
  const picture = Deno.readTextFileSync(
    new URL("docs/architecture.svg", root),
  );
  assert.equal(picture, pictureOfTree());
});

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}
