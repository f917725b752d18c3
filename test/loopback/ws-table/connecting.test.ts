import { connecting } from "./connecting.ts";
import { describeCases } from "./run.ts";

describeCases(connecting);
