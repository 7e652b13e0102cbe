/** Data nodes whose unsynced bytes are really gone when they are killed. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permissions } from "../../.tasks/permissions.ts";
import { start, targets } from "../support/program.ts";
import { torture, wrongsOf } from "./torture.ts";

/** Else power was never lost in the middle of a write. */
const enough = { kills: 20, torn: 1, acknowledged: 100 };

const SEED = Number(Deno.env.get("SD_SEED") ?? "1");
const program = fileURLToPath(
  new URL("../support/lossy_node.ts", import.meta.url),
);

for (const target of targets) {
  if (target.name !== "executable") continue;
  for (const replicas of [1, 2]) {
    Deno.test(`power loss: nothing acknowledged goes with it, with replicas ${replicas}`, async () => {
      const figures = await torture({
        target,
        seed: SEED,
        seconds: 6,
        enough,
        replicas,
        onlyDataDies: true,
        startData: (head, directory) =>
          start(Deno.execPath(), [
            "run",
            "--quiet",
            ...permissions,
            program,
            head,
            directory,
          ]),
      });
      const { kills, torn, acknowledged } = figures;
      assert.deepEqual(
        wrongsOf(figures),
        {},
        `SD_SEED=${SEED}: ${JSON.stringify(figures)}`,
      );
      assert.ok(
        kills >= enough.kills && torn >= enough.torn &&
          acknowledged >= enough.acknowledged,
        JSON.stringify(figures),
      );
    });
  }
}
