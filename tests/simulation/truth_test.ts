import { forSeeds } from "./seeds.ts";
import { runTruth } from "./truth.ts";

Deno.test("what is said to be whole is whole, whatever was lost", () => {
  forSeeds(400, "truth", runTruth, 400);
});
