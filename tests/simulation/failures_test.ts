import assert from "node:assert/strict";
import { runFailure, scenarios } from "./failures.ts";
import { runPauses } from "./pauses.ts";
import { forSeeds } from "./seeds.ts";

/** Heartbeats as a head has them by default, and as a person may set them. */
const intervalsMs = [5_000, 200];

/** How soon the heads that see it must suspect, in ms. */
const SUSPECT_MS_MAX = 1_600;

/** How soon a dead one must be put out, in ms, and one whose host is silent. */
const GONE_MS_MAX = 11_000;
const GONE_MS_MAX_OF_HOST = 6_000;

/** How long clients may wait; what is lost on the way takes its time, in ms. */
const STALL_MS_MAX = 3_000;
const STALL_MS_MAX_WITH_LOSS = 15_000;

for (const intervalMs of intervalsMs) {
  for (const scenario of scenarios) {
    const { name, expected } = scenario;
    Deno.test(`failure, heartbeat ${intervalMs} ms: ${name}`, () => {
      forSeeds(5, "failures", (seed) => {
        const outcome = runFailure(scenario, seed, intervalMs);
        const { suspectMs, goneMs, stallMs } = outcome;
        const told = JSON.stringify(outcome);
        assert.equal(outcome.wronglySuspected, 0, told);
        assert.equal(outcome.wronglyDead, 0, told);
        const isLossy = name.includes("lost");
        const stallMsMax = isLossy ? STALL_MS_MAX_WITH_LOSS : STALL_MS_MAX;
        assert.ok(stallMs <= stallMsMax, told);
        if (expected === "left" || expected === "dead") {
          assert.equal(goneMs.length, 2, told);
          for (const ms of suspectMs) {
            assert.ok(ms <= SUSPECT_MS_MAX, told);
          }
          for (const ms of goneMs) {
            const deadMsMax = name.includes("cut")
              ? GONE_MS_MAX_OF_HOST
              : GONE_MS_MAX;
            assert.ok(ms <= (expected === "left" ? 100 : deadMsMax), told);
          }
        }
        return outcome.acknowledged;
      }, 1_000);
    });
  }
}

// The first is as good as none.
for (const intervalMs of [3_600_000, ...intervalsMs]) {
  Deno.test(`failure, heartbeat ${intervalMs} ms: an idle process pauses again and again`, () => {
    forSeeds(20, "failures", (seed) => {
      const outcome = runPauses(seed, intervalMs);
      const { suspectMs, goneMs, heardErrorMs, wrong } = outcome;
      const told = JSON.stringify(outcome);
      assert.equal(suspectMs.length, 2 * 11, told);
      assert.ok(Math.max(...suspectMs) <= SUSPECT_MS_MAX, told);
      assert.equal(goneMs.length, 2, told);
      assert.ok(Math.max(...goneMs) <= GONE_MS_MAX, told);
      assert.equal(heardErrorMs.length, 2, told);
      // Its last answer may still be under way as it stops, for 20 ms.
      for (const ms of heardErrorMs) assert.ok(ms >= -20 && ms <= 600, told);
      assert.equal(wrong, 0, told);
      return suspectMs.length;
    }, 20 * 22);
  });
}
