import { constructing } from "./constructing.ts";
import { describeCases } from "./run.ts";

describeCases(constructing);
