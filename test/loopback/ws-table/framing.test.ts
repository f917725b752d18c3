import { framing } from "./framing.ts";
import { describeCases } from "./run.ts";

describeCases(framing, true);
