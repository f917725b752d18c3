/** The chart, drawn: what is active is lit, what was just taken runs along its edge. */
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ChartView as Chart, StepView } from "../../src/observe/inspector/protocol.ts";
import { valueText } from "../parts/format.ts";
import { activeIds, type Line } from "./graph.ts";
import { draw, FONT, LINE, type Drawing, type PlacedEdge, type PlacedNode } from "./layout.ts";

const zoom = signal<number | "fit">("fit");
const PADDING = 12;

export interface ChartViewProps {
  readonly chart: Chart;
  readonly value: unknown;
  readonly step: StepView | null;
}

export function ChartView({ chart, value, step }: ChartViewProps) {
  const drawing = useDrawing(chart);
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const active = useMemo(() => activeIds(chart, value), [chart, value]);
  useEffect(() => {
    const lit = [...(box.current?.querySelectorAll(".state.on") ?? [])].at(-1);
    // Where all of it is in view this does nothing.
    lit?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "smooth" });
  }, [active, drawing, size]);
  const taken = new Set(step?.transitions.map(({ id }) => id));
  if (drawing === null) return <div class="canvas" aria-busy="true" />;
  const [width, height] = [drawing.width + PADDING * 2, drawing.height + PADDING * 2];
  const fit = Math.min(size.width / width, size.height / height, 1.25);
  // Below this nobody can read it: then it scrolls.
  const scale = zoom.value === "fit" ? Math.max(fit, 0.68) : zoom.value;
  return (
    <div class="canvas">
      <div class="scroll" ref={box} tabIndex={0} role="group" aria-label="Chart, scrollable">
        <svg
          role="img"
          aria-label={`Chart ${chart.name}, now in ${valueText(value)}`}
          width={width * scale}
          height={height * scale}
          viewBox={`${-PADDING} ${-PADDING} ${width} ${height}`}
        >
          <Arrows />
          {drawing.nodes.map((placed) => (
            <StateBox
              key={placed.node.state.id}
              placed={placed}
              chart={chart}
              active={active}
              taken={taken}
            />
          ))}
          {drawing.edges.map((placed) => (
            <Edge key={placed.edge.id} placed={placed} taken={taken} step={step} />
          ))}
        </svg>
      </div>
      <div class="zoom" role="group" aria-label="Zoom">
        <button aria-label="Zoom out" onClick={() => (zoom.value = Math.max(scale / 1.25, 0.2))}>
          −
        </button>
        <button aria-label="Zoom in" onClick={() => (zoom.value = Math.min(scale * 1.25, 3))}>
          +
        </button>
        <button aria-pressed={zoom.value === "fit"} onClick={() => (zoom.value = "fit")}>
          Fit
        </button>
      </div>
    </div>
  );
}

function Arrows() {
  return (
    <defs>
      {["", "-hot"].map((kind) => (
        <marker
          key={kind}
          id={`arrow${kind}`}
          class={`arrow${kind}`}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0 0L8 4L0 8z" />
        </marker>
      ))}
    </defs>
  );
}

interface StateBoxProps {
  readonly placed: PlacedNode;
  readonly chart: Chart;
  readonly active: ReadonlySet<string>;
  readonly taken: ReadonlySet<string | null>;
}

function StateBox({
  placed: { node, x, y, width, height, depth },
  chart,
  active,
  taken,
}: StateBoxProps) {
  const { state, lines } = node;
  const isInitial = chart.states.some(({ initial }) => initial === state.id);
  const classes = [
    "state",
    `level-${Math.min(depth, 3)}`,
    active.has(state.id) ? "on" : "",
    node.children.length === 0 ? "leaf" : "",
  ];
  return (
    <g class={classes.join(" ")} data-state={state.id}>
      {state.description === null ? null : <title>{state.description}</title>}
      <rect x={x} y={y} width={width} height={height} rx={9} />
      {state.type === "final" ? (
        <rect
          class="final"
          x={x + 3.5}
          y={y + 3.5}
          width={width - 7}
          height={height - 7}
          rx={6.5}
        />
      ) : null}
      {isInitial ? <circle class="initial" cx={x + 14} cy={y + 16} r={4} /> : null}
      <text class="title" x={x + (isInitial ? 24 : 12)} y={y + 21}>
        {state.key}
      </text>
      <Lines lines={lines} x={x + 12} y={y + 38} taken={taken} />
    </g>
  );
}

interface EdgeProps {
  readonly placed: PlacedEdge;
  readonly taken: ReadonlySet<string | null>;
  readonly step: StepView | null;
}

function Edge({ placed: { edge, path, label }, taken, step }: EdgeProps) {
  const isHot = edge.lines.some(({ id }) => taken.has(id));
  return (
    <g class={isHot ? "edge hot" : "edge"} data-edge={edge.id}>
      <path d={path} marker-end={`url(#arrow${isHot ? "-hot" : ""})`} />
      {isHot && step !== null ? <path key={step.n} class="run" d={path} pathLength={1} /> : null}
      {label === null ? null : (
        <>
          <rect x={label.x} y={label.y} width={label.width} height={label.height} rx={4} />
          <Lines lines={edge.lines} x={label.x + 5} y={label.y + 13} taken={taken} />
        </>
      )}
    </g>
  );
}

interface LinesProps {
  readonly lines: readonly Line[];
  readonly x: number;
  readonly y: number;
  readonly taken: ReadonlySet<string | null>;
}

function Lines({ lines, x, y, taken }: LinesProps) {
  return (
    <>
      {lines.map(({ text, id }, index) => (
        <text
          key={`${index}`}
          class={id !== null && taken.has(id) ? "line hot" : id === null ? "line remark" : "line"}
          x={x}
          y={y + index * LINE}
          font-size={FONT}
        >
          {text}
        </text>
      ))}
    </>
  );
}

function useDrawing(chart: Chart): Drawing | null {
  const [drawn, setDrawn] = useState<{
    readonly chart: Chart;
    readonly drawing: Drawing | null;
  } | null>(null);
  useEffect(() => {
    let isStale = false;
    void draw(chart).then((drawing) => {
      if (!isStale) setDrawn({ chart, drawing });
    });
    return () => {
      isStale = true;
    };
  }, [chart]);
  return drawn?.chart === chart ? drawn.drawing : null;
}

function useSize(ref: { readonly current: HTMLElement | null }) {
  const [size, setSize] = useState({ width: 800, height: 500 });
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width > 0)
        setSize((before) =>
          before.width === width && before.height === height ? before : { width, height },
        );
    });
    observer.observe(element);
    return () => observer.disconnect();
  });
  return size;
}
