/**
 * `deno task containers`: the tests of both topologies in containers. Debian's
 * Docker engine and compose, and debootstrap for base images, are installed
 * first, where they are missing; that needs root.
 *
 * @module
 */

/** Programs, and the packages that have them. */
const packages = {
  dockerd: "docker.io",
  docker: "docker.io",
  "docker-compose": "docker-compose",
  debootstrap: "debootstrap",
};

const missing = new Set<string>();
for (const [program, name] of Object.entries(packages)) {
  if (await run("sh", "-c", `command -v ${program} > /dev/null`) !== 0) {
    missing.add(name);
  }
}
if (missing.size > 0) {
  console.log(`Installing ${[...missing].join(", ")}`);
  const install = ["install", "--quiet=2", "--yes", "--no-install-recommends"];
  const failed = await run("apt-get", "update", "--quiet=2") ||
    await run("apt-get", ...install, ...missing);
  if (failed !== 0) Deno.exit(failed);
}
Deno.exit(await run("deno", "task", "--quiet", "test", "tests/containers"));

/** Runs a program. @returns Its exit code. */
async function run(command: string, ...args: string[]): Promise<number> {
  const child = new Deno.Command(command, { args, stdin: "null" }).spawn();
  return (await child.status).code;
}
