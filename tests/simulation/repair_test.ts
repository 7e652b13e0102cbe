import { runRepair } from "./repair.ts";
import { forSeeds } from "./seeds.ts";

Deno.test("copies that are lost for good are made again", () => {
  forSeeds(300, "repair", runRepair, 20_000);
});
