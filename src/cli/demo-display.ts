/** How a demo is shown while it runs: a live table in a terminal, lines elsewhere, or not at all. */
import type { Fact } from "../index.ts";
import type { ExchangeEvent } from "../testing/index.ts";
import { DemoScreen } from "./demo-screen.ts";
import { demoTable, type DemoView } from "./demo-table.ts";
import { exchangeEventToText, faultToText } from "./exchange-to-text.ts";
import { factToText, labelOf } from "../observe/facts-to-text.ts";
import type { CommandIo, Output } from "./output.ts";

export interface DemoDisplay {
  hear(event: ExchangeEvent): void;
  note(fact: Fact): void;
  /** A few times a second. */
  tick(view: Omit<DemoView, "lastFault">): void;
  /** Lines for the very end. Leaves the terminal as it was. */
  end(lines: readonly string[]): void;
}

/** Nothing but the last lines. */
export function silentDisplay(output: Output): DemoDisplay {
  return {
    hear: () => undefined,
    note: () => undefined,
    tick: () => undefined,
    end: ([line = ""]) => void output.json(line),
  };
}

export function tableDisplay(output: Output, stdout: CommandIo["stdout"]): DemoDisplay {
  const screen = new DemoScreen(output, stdout);
  let lastFault: DemoView["lastFault"];
  return {
    hear: (event) => {
      if (event.type !== "fault.struck") return;
      lastFault = { text: faultToText(event.fault), atMs: event.atMs };
    },
    note: () => undefined,
    tick: (view) => {
      screen.draw(demoTable({ ...view, lastFault }));
    },
    end: (lines) => {
      screen.close();
      for (const line of ["", ...lines]) void output.line(line);
    },
  };
}

/** One line for whatever happens, and one for the traffic every few seconds. */
export function lineDisplay(output: Output, startedAtMs: number): DemoDisplay {
  let trafficAtMs = startedAtMs;
  const say = (atMs: number, label: string, text: string): void => {
    const at = `${((atMs - startedAtMs) / 1_000).toFixed(2)} s`;
    output.tell(`${at.padStart(9)}  ${label.padEnd(14)}  ${text}`);
  };
  return {
    hear: (event) => {
      if (event.type.startsWith("fault.")) say(event.atMs, "exchange", exchangeEventToText(event));
    },
    note: (fact) => {
      // Each change of state is told by another fact, and with its reason.
      if (fact.type !== "state" && fact.type !== "subscriptions.settled") {
        say(fact.atMs, labelOf(fact), factToText(fact));
      }
    },
    tick: ({ nowMs, streams, status }) => {
      if (nowMs - trafficAtMs < TRAFFIC_EVERY_MS) return;
      trafficAtMs = nowMs;
      const messages = streams.reduce((sum, stream) => sum + stream.messages, 0);
      const rate = streams.reduce((sum, stream) => sum + stream.perSecond, 0);
      say(nowMs, "traffic", `${messages} messages, ${rate.toFixed(0)} a second; ${status.state}`);
    },
    end: (lines) => {
      for (const line of lines) void output.line(line);
    },
  };
}

const TRAFFIC_EVERY_MS = 5_000;
