import { mixing } from "./mixing.ts";
import { describeCases } from "./run.ts";

describeCases(mixing, true);
