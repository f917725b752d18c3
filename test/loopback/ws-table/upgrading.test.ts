import { upgrading } from "./upgrading.ts";
import { describeCases } from "./run.ts";

describeCases(upgrading, true);
