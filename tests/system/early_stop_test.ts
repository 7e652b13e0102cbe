/** SIGTERM at every moment of a start: an end like any other. */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  portOf,
  startNode,
  targets,
  until,
} from "../support/program.ts";

/** From one moment to the next, and the last one, in ms after the start. */
const STEP_MS = 10;
const LAST_MS = 400;

/** Processes that start at once. */
const AT_ONCE = 4;

/** Exit codes: 143 is the signal's own, before the program minds signals. */
const DONE = 0;
const TERMINATED = 143;

const roles: Record<string, (directory: string) => string> = {
  data: (directory) => `--role data --dir ${directory} --head`,
  client: (directory) => `--role client --log-dir ${directory} --to`,
  reader: (directory) =>
    `--role client --read --follow --log-dir ${directory} --to`,
};

/** Who is called: each gives its port, and is gone when the test is. */
const peers = {
  async "a head"(directory: Directory, stack: AsyncDisposableStack) {
    const head = stack.use(startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
    ));
    const port = await portOf(head);
    const node = stack.use(startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("node")}`,
    ));
    await node.line(/Joined head/);
    return port;
  },
  "nobody": () => freePort(),
  "a peer that never answers"(_: Directory, stack: AsyncDisposableStack) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    stack.defer(() => listener.close());
    return listener.addr.port;
  },
};

// One target: what is tested has no part in how the program is packed.
const target = targets[0]!;

/**
 * Starts a process, and ends it after so long.
 *
 * @param isPatient Whether it would wait for seconds, and is told a second
 * time to end.
 */
async function stoppedAfter(ms: number, line: string, isPatient: boolean) {
  await using node = startNode(target, line);
  let isOver = false;
  const exit = node.exit().finally(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, ms));
  node.signal("SIGTERM");
  if (isPatient) {
    await until(() => isOver || node.lines.some((l) => /Draining/.test(l)));
    if (!isOver) node.signal("SIGTERM");
  }
  const code = await exit;
  return { code, said: [...node.lines, ...node.errorLines].join("\n") };
}

for (const [role, lineOf] of Object.entries(roles)) {
  for (const [name, start] of Object.entries(peers)) {
    Deno.test(`${target.name}: ${role} that calls ${name} ends at SIGTERM, whenever it comes`, async () => {
      await using directory = new Directory();
      await using stack = new AsyncDisposableStack();
      const port = await start(directory, stack);
      const moments = Array.from(
        { length: LAST_MS / STEP_MS },
        (_, i) => i * STEP_MS,
      );
      const unsaid: number[] = [];
      const endAll = async () => {
        for (let ms = moments.shift(); ms !== undefined; ms = moments.shift()) {
          const own = directory.at(`${role}${ms}`);
          const { code, said } = await stoppedAfter(
            ms,
            `${lineOf(own)} 127.0.0.1:${port}`,
            role === "client" && name !== "a head",
          );
          const what = `exit ${code} after ${ms} ms:\n${said}`;
          // Whoever has nothing to read from has not read everything.
          const isDone = code === DONE || code === TERMINATED ||
            role === "reader" && code === 1 &&
              /error: (Ended by a signal without|Messages may be)/.test(said);
          assert.ok(isDone, what);
          assert.doesNotMatch(said, /\bBug\b|\bUncaught\b|^\s+at /m, what);
          if (said === "") unsaid.push(ms);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, endAll));
      // Else the moments were not those of a start.
      assert.ok(unsaid.length > 0);
    });
  }
}
