/** All the rows, group by group. */
import { acting } from "./acting.ts";
import type { Case } from "./case.ts";
import { closing } from "./closing.ts";
import { connecting } from "./connecting.ts";
import { constructing } from "./constructing.ts";
import { framing } from "./framing.ts";
import { mixing } from "./mixing.ts";
import { names } from "./names.ts";
import { pinging } from "./pinging.ts";
import { securing } from "./securing.ts";
import { upgrading } from "./upgrading.ts";

export const cases: readonly Case[] = [
  ...constructing,
  ...names,
  ...connecting,
  ...securing,
  ...upgrading,
  ...framing,
  ...pinging,
  ...closing,
  ...acting,
  ...mixing,
];
