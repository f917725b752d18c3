import { acting } from "./acting.ts";
import { describeCases } from "./run.ts";

describeCases(acting, true);
