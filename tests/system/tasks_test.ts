/** Tasks that are told how much say what they expect. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { start } from "../support/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const wrong = {
  bench: [["--help"], ["0"], ["1", "one"], ["1", "1", "none"]],
  simulate: [["--help"], ["1.5"], ["1", "2", "3"]],
  torture: [["--help"], ["10", "-1"]],
  hosts: [["--help"], ["1", "nothing of that name"]],
};

for (const [task, lines] of Object.entries(wrong)) {
  Deno.test(`${task}: wrong arguments are one line, exit code 2`, async () => {
    for (const words of lines) {
      await using run = start(Deno.execPath(), [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        "--allow-sys=uid",
        `${root}.tasks/${task}.ts`,
        ...words,
      ], { cwd: root });
      assert.equal(await run.exit(), 2);
      assert.deepEqual(run.lines, []);
      assert.equal(run.errorLines.length, 1);
      assert.ok(run.errorLines[0]!.startsWith(`${task}: expected [`));
      assert.ok(run.errorLines[0]!.endsWith(`, got '${words.join(" ")}'`));
    }
  });
}
