import { runDiskFaults } from "./disk_faults.ts";
import { forSeeds } from "./seeds.ts";

Deno.test("what others take from a disk is told, and nothing is answered that is not there", () => {
  forSeeds(200, "disk_faults", runDiskFaults, 10_000);
});
