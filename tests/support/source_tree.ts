/** The source tree, read from the sources: what there is, and who imports whom. */

import { dirname, join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A file of lib or roles, or mod.ts. */
export interface Source {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** All of them, in the order of their paths. */
export const sources: readonly Source[] = ["lib", "roles"].flatMap((part) => [
  ...sourcesUnder(join(root, part)),
]).concat(join(root, "mod.ts")).sort().map((path) => ({
  path: relative(root, path),
  text: Deno.readTextFileSync(path),
}));

/** What a source imports: a path from the root, or the name of a package. */
export function importsOf({ path, text }: Source): string[] {
  const found = text.matchAll(
    /(?:from|import)\s*\(?\s*"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...found].map((match) => match[1] ?? match[2]!)
    .map((name) => name.startsWith(".") ? join(dirname(path), name) : name);
}

/** The folder of lib that a path is in. */
export function storeyOf(path: string): string | undefined {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

/** Where the outside world is: the system, timers, promises, clocks. */
export const outside: readonly string[] = ["system", "library", "cli"];

function* sourcesUnder(directory: string): Iterable<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* sourcesUnder(path);
    else if (path.endsWith(".ts")) yield path;
  }
}
