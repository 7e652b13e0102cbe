/** A short torture; `deno task torture` runs long ones. */

import assert from "node:assert/strict";
import { targets } from "../support/program.ts";
import { torture, wrongsOf } from "./torture.ts";

/** Else it was not hard. */
const enough = { kills: 20, acknowledged: 100 };

const SEED = Number(Deno.env.get("SD_SEED") ?? "1");

for (const target of targets) {
  // The sources are the same program; one of the two is enough.
  if (target.name !== "executable") continue;
  for (const replicas of [1, 2]) {
    Deno.test(`torture: nothing acknowledged is lost, with replicas ${replicas}`, async () => {
      const figures = await torture({
        target,
        seed: SEED,
        seconds: 6,
        enough,
        replicas,
      });
      const { kills, acknowledged } = figures;
      assert.deepEqual(
        wrongsOf(figures),
        {},
        `SD_SEED=${SEED}: ${JSON.stringify(figures)}`,
      );
      assert.ok(
        kills >= enough.kills && acknowledged >= enough.acknowledged,
        JSON.stringify(figures),
      );
    });
  }
}
