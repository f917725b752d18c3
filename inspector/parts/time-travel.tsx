/** Through the recorded steps of the selected actor: a slider, keys, and back to now. */
import { moment, shown } from "../model/view.ts";
import { durationText, eventText, timeText, valueText } from "./format.ts";

export function TimeTravel() {
  const view = shown.value;
  if (view === null) return null;
  const { steps, index, dropped, step, isPast } = view;
  const go = (to: number): void => {
    const target = steps[Math.max(0, Math.min(to, steps.length - 1))];
    moment.value = target === undefined || to >= steps.length - 1 ? null : target.n;
  };
  const label = step === null ? "no step yet" : `${eventText(step)}, ${timeText(step.atMs)}`;
  return (
    <div class={isPast ? "travel past" : "travel"} role="group" aria-label="Time travel">
      <button aria-label="Step back" disabled={index <= 0} onClick={() => go(index - 1)}>
        ◀
      </button>
      <button aria-label="Step forward" disabled={!isPast} onClick={() => go(index + 1)}>
        ▶
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(steps.length - 1, 0)}
        value={Math.max(index, 0)}
        disabled={steps.length < 2}
        aria-label="Step"
        aria-valuetext={label}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <button class="now" aria-pressed={!isPast} onClick={() => (moment.value = null)}>
        Now
      </button>
      <p class="where">
        {steps.length === 0 ? "No steps yet" : `Step ${index + 1} of ${steps.length}`}
        {dropped > 0 ? ` (${dropped} older forgotten)` : ""}
        {step === null ? null : (
          <>
            {" · "}
            <b>{eventText(step)}</b> at {timeText(step.atMs)}
            {step.value === null ? "" : ` → ${valueText(step.value)}`}
            {isPast ? ` · ${durationText(steps.at(-1)!.atMs - step.atMs)} before the last` : ""}
          </>
        )}
      </p>
    </div>
  );
}
