import { testScenarios } from "./check.ts";

testScenarios(
  "head killed",
  "head stopped",
  "head cut off",
);
