/** One outage in full: why, when it was noticed, how long, what was tried, where each stream stood. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { OutageView, View } from "../../src/observe/inspector/protocol.ts";
import { actors, outages, version } from "../model/store.ts";
import { now, openOutage } from "../model/view.ts";
import { durationText, plain, timeText } from "./format.ts";

type Report = Readonly<Record<string, View>>;

export function OutageReport() {
  void version.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const open = openOutage.value;
  const outage = open === null ? undefined : outages.get(open.actor)?.[open.index];
  useEffect(() => {
    if (outage === undefined) dialog.current?.close();
    else if (dialog.current?.open === false) dialog.current.showModal();
  }, [outage !== undefined]);
  const name = open === null ? "" : (actors.get(open.actor)?.name ?? "");
  return (
    <dialog ref={dialog} aria-label="Outage report" onClose={() => (openOutage.value = null)}>
      {outage === undefined ? null : (
        <>
          <header class="bar">
            <h2>Outage of {name}</h2>
            <button aria-label="Close the report" onClick={() => (openOutage.value = null)}>
              ✕
            </button>
          </header>
          <Facts outage={outage} />
        </>
      )}
    </dialog>
  );
}

function Facts({ outage }: { readonly outage: OutageView }) {
  const { startedAtMs, endedAtMs, cause } = outage;
  const report = outage.report as Report | null;
  const lengthMs = (endedAtMs ?? now.value) - startedAtMs;
  return (
    <dl class="report">
      <Fact name="Cause">{cause}</Fact>
      <Fact name="Last sign of life">{timeText(startedAtMs)}</Fact>
      {report === null ? null : (
        <Fact name="Noticed">
          {timeText(Number(report["detectedAtMs"]))} (after{" "}
          {durationText(Number(report["detectedAtMs"]) - startedAtMs)})
        </Fact>
      )}
      <Fact name={endedAtMs === null ? "Lasts for" : "Lasted"}>{durationText(lengthMs)}</Fact>
      {report === null ? (
        <Fact name="Report">comes when the connection is ready again</Fact>
      ) : (
        <>
          <Fact name="Ready again">{timeText(Number(report["recoveredAtMs"]))}</Fact>
          <Fact name="Attempts">{plain(report["attempts"])}</Fact>
          <Fact name="Failed attempts">
            <Items items={report["losses"]} none="none: the first dial succeeded" />
          </Fact>
          <Fact name="Missed">{missedText(report["missed"])}</Fact>
          <Fact name="Time in each state">
            <Items
              items={Object.entries((report["timeInStateMs"] ?? {}) as Report).map(
                ([state, ms]) => `${state}: ${durationText(Number(ms))}`,
              )}
              none="–"
            />
          </Fact>
          <Fact name="Where each stream stood">
            <Items items={report["lastPositions"]} none="nothing is numbered" />
          </Fact>
        </>
      )}
    </dl>
  );
}

/** As far as it has shown: a gap is found when its stream's next message comes. */
function missedText(missed: View | undefined): string {
  const { gaps = 0, numbers = 0 } = (missed ?? {}) as { gaps?: number; numbers?: number };
  if (gaps === 0) return "nothing that is numbered, so far";
  return `${numbers} ${numbers === 1 ? "number" : "numbers"} in ${gaps} ${gaps === 1 ? "gap" : "gaps"}`;
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Items({ items, none }: { readonly items: View | undefined; readonly none: string }) {
  const list = Array.isArray(items) ? items.map(plain) : [];
  if (list.length === 0) return <>{none}</>;
  return (
    <ul>
      {list.map((item, index) => (
        <li key={`${index}`}>{item}</li>
      ))}
    </ul>
  );
}
