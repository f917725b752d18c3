import { names } from "./names.ts";
import { describeCases } from "./run.ts";

describeCases(names);
