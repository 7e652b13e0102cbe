import assert from "node:assert/strict";
import { LineBudget } from "../../lib/system/log/line_budget.ts";

Deno.test("LineBudget lets so many lines through in each second", () => {
  const budget = new LineBudget(3);
  const taken = () => [1, 2, 3, 4, 5].map(() => budget.take(1));
  budget.tick(0);
  assert.deepEqual(taken(), [true, true, true, false, false]);
  assert.equal(budget.tick(950), 0);
  assert.equal(budget.take(1), false);
  assert.equal(budget.tick(1_000), 3);
  assert.deepEqual(taken(), [true, true, true, false, false]);
  assert.equal(budget.tick(2_000), 2);
  assert.equal(budget.tick(3_000), 0);
});

Deno.test("LineBudget keeps the lines of one call together", () => {
  const budget = new LineBudget(3);
  assert.equal(budget.take(2), true);
  assert.equal(budget.take(16), true);
  assert.equal(budget.take(1), false);
});
