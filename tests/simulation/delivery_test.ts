import { runDelivery } from "./delivery.ts";
import { forSeeds } from "./seeds.ts";

Deno.test("what was answered is read back: all of it, once, in order", () => {
  forSeeds(2_000, "delivery", runDelivery, 100_000);
});
