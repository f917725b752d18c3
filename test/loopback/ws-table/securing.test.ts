import { securing } from "./securing.ts";
import { describeCases } from "./run.ts";

describeCases(securing, true);
