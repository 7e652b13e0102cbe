/**
 * `deno task test`: all tests, or those of the paths that follow.
 *
 * The executable is made anew first, since the system tests run it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/**
 * Files of tests that run side by side, for each processor: the system tests
 * mostly wait for processes that wait for something.
 */
const JOBS_PER_PROCESSOR = 2;

/** What tests run beside sd-node; of what is missing, some tests are skipped. */
const programs = "deno,ip,python3,nc,cat,sh,cp,sed,nsenter,dockerd,docker," +
  "docker-compose,debootstrap";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = await deno(["task", "--quiet", "compile"], "inherit");
if (compiled.code !== 0) Deno.exit(compiled.code);

const { code, out } = await deno([
  "test",
  "--quiet",
  "--no-prompt",
  "--parallel",
  "--allow-net=127.0.0.1",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=uid,hostname",
  `--allow-run=${Deno.execPath()},${programs},${root}sd-node`,
  ...(Deno.args.length > 0 ? Deno.args : ["tests"]),
], "piped");

// The runner's own last line, in words that no colour or clock gets between.
const counts = ["passed", "failed", "ignored"].map((word) => {
  const count = new RegExp(`(\\d+) ${word}`, "g");
  return `${[...out.matchAll(count)].at(-1)?.[1] ?? 0} ${word}`;
});
console.log(counts.join(", ").replace(", 0 ignored", ""));
Deno.exit(code);

/** Runs deno, and shows what it says. */
async function deno(args: readonly string[], stdout: "inherit" | "piped") {
  const child = new Deno.Command("deno", {
    args: [...args],
    cwd: root,
    env: { DENO_JOBS: `${JOBS_PER_PROCESSOR * navigator.hardwareConcurrency}` },
    stdin: "null",
    stdout,
  }).spawn();
  let out = "";
  if (stdout === "piped") {
    for await (const chunk of child.stdout) {
      await Deno.stdout.write(chunk);
      out += new TextDecoder().decode(chunk);
    }
  }
  const { code } = await child.status;
  return { code, out };
}
