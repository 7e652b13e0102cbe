import { testScenarios } from "./check.ts";

testScenarios(
  "cable cut both ways",
  "cable cut, cannot speak",
  "cable cut, cannot hear",
  "20 % of packets lost",
  "300 ms of delay",
);
