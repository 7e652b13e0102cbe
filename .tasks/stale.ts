/**
 * Whether ./sd-node is older than what it is made from.
 *
 * @module
 */

const SOURCES = ["mod.ts", "deno.json", "lib", "roles", ".tasks"];

/** Compiles ./sd-node if it is missing or older than its sources. */
export async function compileIfStale(): Promise<void> {
  Deno.chdir(new URL("..", import.meta.url));
  const builtMs = await modifiedMs("sd-node");
  const changes = await Promise.all(SOURCES.map(newestMs));
  if (builtMs > Math.max(...changes)) return;
  const { success } = await new Deno.Command("deno", {
    args: ["task", "--quiet", "compile"],
    stdin: "null",
  }).spawn().status;
  if (!success) Deno.exit(1);
}

/** When a path, or anything under it, was last changed, in ms since 1970. */
async function newestMs(path: string): Promise<number> {
  let newest = await modifiedMs(path);
  const { isDirectory } = await Deno.stat(path);
  if (!isDirectory) return newest;
  for await (const { name } of Deno.readDir(path)) {
    newest = Math.max(newest, await newestMs(`${path}/${name}`));
  }
  return newest;
}

async function modifiedMs(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
