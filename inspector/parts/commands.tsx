/** What an owner may do, where the service has switched commands on. */
import { useState } from "preact/hooks";
import type { ActorView, Command } from "../../src/observe/inspector/protocol.ts";
import { say } from "../model/link.ts";
import { hello, lastProblem } from "../model/store.ts";

const COMMANDS: readonly (readonly [Command, string, string])[] = [
  ["reconnect", "Reconnect", "Drops the socket and dials anew, or skips the wait"],
  ["drop", "Drop socket", "As if the network had ended it"],
  ["close", "Close", "Ends the connection for good"],
];

export function Commands({ actor }: { readonly actor: ActorView }) {
  const [asked, ask] = useState<Command | null>(null);
  if (hello.value?.commands !== true || !actor.isConnection) return null;
  const give = (command: Command): void => {
    // Closing cannot be taken back: it is asked for twice.
    if (command === "close" && asked !== "close") {
      ask("close");
      return;
    }
    ask(null);
    lastProblem.value = null;
    say({ type: "command", actor: actor.key, command });
  };
  return (
    <div class="commands" role="group" aria-label="Commands">
      {COMMANDS.map(([command, label, title]) => (
        <button
          key={command}
          title={title}
          class={command === "close" ? "danger" : ""}
          onClick={() => give(command)}
        >
          {asked === command ? "Really close?" : label}
        </button>
      ))}
      <span role="status" class="problem">
        {lastProblem.value}
      </span>
    </div>
  );
}
