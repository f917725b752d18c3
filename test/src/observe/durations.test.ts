import { expect, it } from "vitest";
import { showMs } from "../../../src/observe/durations.ts";

it.each([
  [0, "0 ms"],
  [83.6, "84 ms"],
  [999.4, "999 ms"],
  [999.6, "1.00 s"],
  [1_520, "1.52 s"],
  [59_994, "59.99 s"],
  [59_996, "1 min 00 s"],
  [125_400, "2 min 05 s"],
  [3_599_700, "1 h 00 min"],
  [11_220_000, "3 h 07 min"],
])("%d ms is shown as %s", (ms, text) => {
  expect(showMs(ms)).toBe(text);
});
