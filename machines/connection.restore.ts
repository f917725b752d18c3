/**
 * A connection that is restored from a persisted snapshot begins again: a snapshot holds no socket, no
 * credential and no function, so a chart that went on from it would say `connected` and never dial.
 *
 * It begins with the input that it is given: that of its own logic (`supervisor.logic`), or the one among the
 * actor's options. XState restores the children of a chart without an input: where there is none, the actor
 * ends in an error that says so, which its parent hears.
 */
import type { AnyActorRef, AnyStateMachine } from "xstate";
import type { ConnectionInput } from "./connection.context.ts";
import type { ConnectionParent } from "./link.ts";

const NO_INPUT =
  "a connection cannot go on from a snapshot alone: it holds no socket and no credentials. Give the chart " +
  "`supervisor.logic` in place of `connectionMachine`: restored, it dials again under its supervisor";

/**
 * Makes a machine of connections begin again where it is restored.
 *
 * @param own - Its input, where it belongs to one supervisor.
 */
export function beginsAgain<M extends AnyStateMachine>(machine: M, own?: ConnectionInput): M {
  const logic: Overridden = {
    getInitialSnapshot: (scope, input) => machine.getInitialSnapshot(scope, input ?? own),
    restoreSnapshot: (persisted, scope) => {
      const { status, context } = persisted as unknown as Persisted;
      if (status !== "active") return machine.restoreSnapshot(persisted, scope);
      const { options, _parent } = scope.self as unknown as Restored;
      const input = options?.input ?? own;
      // An actor that begins as an error is not started, and its parent hears nothing: `start` throws.
      if (input === undefined) return machine.resolveState({ value: "connecting", context: {} });
      const parent = context?.parent == null ? undefined : _parent;
      return machine.getInitialSnapshot(scope, { parent, ...input });
    },
    start: (snapshot) => {
      const { link } = snapshot.context as { readonly link?: unknown };
      if (snapshot.status === "active" && link === undefined) throw new Error(NO_INPUT);
      machine.start(snapshot);
    },
    provide: (implementations) => beginsAgain(machine.provide(implementations), own),
  };
  return Object.create(machine, Object.getOwnPropertyDescriptors(logic)) as M;
}

/** What is another thing here than in the machine. */
type Overridden = Pick<
  AnyStateMachine,
  "getInitialSnapshot" | "provide" | "restoreSnapshot" | "start"
>;

/** What is read of a snapshot, which may have gone through JSON. */
interface Persisted {
  readonly status: string;
  readonly context?: { readonly parent?: unknown };
}

/** What XState keeps in the actor that is restored. */
interface Restored {
  readonly options?: { readonly input?: ConnectionInput };
  readonly _parent?: AnyActorRef & ConnectionParent;
}
