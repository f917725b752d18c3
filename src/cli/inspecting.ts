/** `--inspect`: the local inspector beside a command, for as long as that runs. */
import type { Supervisor } from "../index.ts";
import { inspect } from "../observe/inspector/index.ts";

export interface InspectingOptions {
  /** True without a port. */
  readonly inspect?: number | true;
  readonly inspectCommands?: boolean;
}

/**
 * Serves the inspector where it was asked for, and says where.
 *
 * @returns What ends it.
 */
export async function startInspecting<M>(
  feed: Supervisor<M>,
  options: InspectingOptions,
  say: (line: string) => void,
): Promise<() => Promise<void>> {
  const { inspect: port, inspectCommands: commands = false } = options;
  if (port === undefined && !commands) return () => Promise.resolve();
  const inspector = await inspect(feed, {
    port: typeof port === "number" ? port : undefined,
    commands,
  });
  say(`inspector: ${inspector.url}`);
  return () => inspector.close();
}
