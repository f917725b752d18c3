import { pinging } from "./pinging.ts";
import { describeCases } from "./run.ts";

describeCases(pinging, true);
