/** Every chart of the package, by name. A chart that is not in here is not proven. */
import type { AnyStateMachine } from "xstate";
import {
  connectionMachine,
  heartbeatMachine,
  recoveriesMachine,
  recoveryMachine,
} from "../../machines/index.ts";

export const charts = {
  connection: connectionMachine,
  heartbeat: heartbeatMachine,
  recoveries: recoveriesMachine,
  recovery: recoveryMachine,
} satisfies Record<string, AnyStateMachine>;
