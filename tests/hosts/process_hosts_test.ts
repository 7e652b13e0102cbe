import { testScenarios } from "./check.ts";

testScenarios(
  "process killed",
  "process stopped",
  "back with another address",
  "half the data nodes cut off",
  "flapping cable",
);
