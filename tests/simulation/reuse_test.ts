import { runReuse } from "./reuse.ts";
import { forSeeds } from "./seeds.ts";

Deno.test("an id that is used again: resumed, or refused, and nothing lost", () => {
  forSeeds(500, "reuse", runReuse, 20_000);
});
