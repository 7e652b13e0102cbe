/** `deno task demo`, as a newcomer runs it. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Program, start } from "../support/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function startDemo(port: number): Program {
  return start(Deno.execPath(), [
    "run",
    "--quiet",
    "--allow-read",
    "--allow-write",
    `--allow-run=deno,${root}sd-node`,
    `${root}.tasks/demo.ts`,
    `--port=${port}`,
  ], { cwd: root });
}

/** Prints the command lines that have the text of its input in them. */
const PROCESSES = `
import glob
text = input().encode()
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        line = open(path, "rb").read()
    except OSError:
        continue
    if text in line:
        print(line)
`;

/** Processes that have `text` in their command lines. */
async function processesWith(text: string): Promise<string[]> {
  // Deno itself lets nobody look there who has not all permissions.
  await using python = start("python3", ["-c", PROCESSES]);
  await python.type(`${text}\n`);
  await python.endInput();
  assert.equal(await python.exit(), 0);
  return python.lines;
}

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("demo: messages flow, Ctrl-C ends all of it and says where they are", async () => {
  await using demo = startDemo(freePort());
  const [, directory] = (await demo.line(/^ {2}(\/\S+)$/))!;
  try {
    for (const client of ["client-1", "client-2"]) {
      await demo.line(
        new RegExp(`^${client} .* -> 127\\.0\\.0\\.1 , mensaje: recibido$`),
      );
    }
    for (const node of ["data-1", "data-2", "data-3"]) {
      await demo.line(new RegExp(`^${node} .*Joined head`));
    }
    assert.equal((await processesWith(directory!)).length, 6);
    demo.signal("SIGINT");
    assert.equal(await demo.exit(), 0);
    assert.deepEqual(await processesWith(directory!), []);

    let told = 0;
    for (const line of demo.lines) {
      const match = /^data-\d: (\d+) messages? in (\S+)$/.exec(line);
      if (match === null) continue;
      const lines = Deno.readTextFileSync(match[2]!).split("\n").length - 1;
      assert.equal(lines, Number(match[1]));
      told += lines;
    }
    assert.ok(told >= 2, demo.lines.join("\n"));
    assert.deepEqual(demo.errorLines, []);
  } finally {
    // Killed, it would leave its processes behind.
    await demo.stop();
    Deno.removeSync(directory!, { recursive: true });
  }
});

Deno.test("demo: a port in use is one clear line, exit code 1, nothing left", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using demo = startDemo(listener.addr.port);
  const [, directory] = (await demo.line(/^ {2}(\/\S+)$/))!;
  assert.equal(await demo.exit(), 1);
  await demo.line(/^head .*Cannot listen on 127\.0\.0\.1:\d+: another process/);
  assert.deepEqual(await processesWith(directory!), []);
  assert.throws(() => Deno.statSync(directory!), Deno.errors.NotFound);
});

Deno.test("demo: a wrong flag is one line, exit code 2", async () => {
  await using demo = start(Deno.execPath(), [
    "run",
    "--quiet",
    `${root}.tasks/demo.ts`,
    "--prot=1",
  ], { cwd: root });
  assert.equal(await demo.exit(), 2);
  assert.deepEqual(demo.lines, []);
  assert.equal(demo.errorLines.length, 1);
  assert.match(demo.errorLines[0]!, /--prot=1/);
});
