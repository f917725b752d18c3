import { closing } from "./closing.ts";
import { describeCases } from "./run.ts";

describeCases(closing, true);
