/**
 * Where everything of a chart stands: elkjs, in a worker, once per chart.
 *
 * Layered, with nesting and orthogonal edges; text is measured in the page's own font.
 */
import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk-api.js";
import type { ChartView } from "../../src/observe/inspector/protocol.ts";
import { toGraph, type GraphEdge, type GraphNode, type Line } from "./graph.ts";

export interface PlacedNode {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

export interface PlacedEdge {
  readonly edge: GraphEdge;
  readonly path: string;
  readonly label: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  } | null;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Parents before their children. */
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export const FONT = 12;
export const LINE = 15;
const TITLE = 30;

const measuring = document.createElement("canvas").getContext("2d");

function widthOf(text: string, font: string): number {
  if (measuring === null) return text.length * 7;
  measuring.font = font;
  return measuring.measureText(text).width;
}

const family = "system-ui, sans-serif";
const titleWidth = (text: string): number => widthOf(text, `600 14px ${family}`);
const lineWidth = (text: string): number => widthOf(text, `${FONT}px ${family}`);
const widest = (lines: readonly Line[]): number =>
  Math.max(0, ...lines.map(({ text }) => lineWidth(text)));

const elk = new ELK({ workerUrl: "/elk-worker.js" });
const drawings = new Map<string, Promise<Drawing | null>>();

const LAYOUT = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.edgeCoords": "ROOT",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.feedbackEdges": "true",
  "elk.layered.spacing.nodeNodeBetweenLayers": "22",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "10",
  "elk.spacing.nodeNode": "28",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeEdge": "12",
  "elk.spacing.edgeLabel": "4",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
};

/** The drawing of a chart; the same for all actors that run it. */
export function draw(chart: ChartView): Promise<Drawing | null> {
  const key = JSON.stringify([chart.id, chart.name, chart.transitions.length, chart.states.length]);
  const known = drawings.get(key) ?? layOut(chart);
  drawings.set(key, known);
  return known;
}

async function layOut(chart: ChartView): Promise<Drawing | null> {
  const graph = toGraph(chart);
  if (graph === null) return null;
  const wanted: ElkNode = {
    id: "(drawing)",
    layoutOptions: LAYOUT,
    children: [toElk(graph.root)],
    edges: graph.edges.map(toElkEdge),
  };
  const out: ElkNode = await elk.layout(wanted);
  const nodes = new Map<string, GraphNode>();
  const collect = (node: GraphNode): void => {
    nodes.set(node.state.id, node);
    node.children.forEach(collect);
  };
  collect(graph.root);
  const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
  return {
    width: out.width ?? 0,
    height: out.height ?? 0,
    nodes: [...placedNodes(out, nodes, 0, 0, 0)],
    edges: [...placedEdges(out, edges)],
  };
}

function toElk(node: GraphNode): ElkNode {
  const { state, lines, children } = node;
  const width = Math.ceil(Math.max(96, titleWidth(state.key) + 44, widest(lines) + 28));
  const height = TITLE + lines.length * LINE + (lines.length > 0 ? 8 : 2);
  if (children.length === 0) return { id: state.id, width, height };
  // Layered heeds no least width of what has children: they are padded apart from the walls instead.
  const placed = children.map(toElk);
  const within = Math.max(...placed.map((child) => child.width ?? 0));
  const side = 16 + Math.ceil(Math.max(width - 32 - within, 0) / 2);
  return {
    id: state.id,
    width,
    children: placed,
    layoutOptions: {
      "elk.padding": `[top=${height + 10},left=${side},bottom=16,right=${side}]`,
    },
  };
}

function toElkEdge({ id, source, target, lines }: GraphEdge): ElkExtendedEdge {
  const size = { width: Math.ceil(widest(lines)) + 10, height: lines.length * LINE + 4 };
  const label = { text: id, ...size, layoutOptions: { "elk.edgeLabels.inline": "true" } };
  return { id, sources: [source], targets: [target], labels: [label] };
}

function* placedNodes(
  parent: ElkNode,
  nodes: ReadonlyMap<string, GraphNode>,
  left: number,
  top: number,
  depth: number,
): Generator<PlacedNode> {
  for (const child of parent.children ?? []) {
    const node = nodes.get(child.id);
    const [x, y] = [left + (child.x ?? 0), top + (child.y ?? 0)];
    const { width = 0, height = 0 } = child;
    if (node !== undefined) yield { node, x, y, width, height, depth };
    yield* placedNodes(child, nodes, x, y, depth + 1);
  }
}

function* placedEdges(
  parent: ElkNode,
  edges: ReadonlyMap<string, GraphEdge>,
): Generator<PlacedEdge> {
  for (const placed of parent.edges ?? []) {
    const edge = edges.get(placed.id);
    const [section] = placed.sections ?? [];
    if (edge === undefined || section === undefined) continue;
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const [label] = placed.labels ?? [];
    const { x = 0, y = 0, width = 0, height = 0 } = label ?? {};
    yield {
      edge,
      path: rounded(points),
      label: label === undefined ? null : { x, y, width, height },
    };
  }
  for (const child of parent.children ?? []) yield* placedEdges(child, edges);
}

/** A path through `points` whose corners are round. */
function rounded(points: readonly { readonly x: number; readonly y: number }[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (before === undefined) return `M${point.x} ${point.y}`;
      if (after === undefined) return `L${point.x} ${point.y}`;
      const [from, to] = [towards(point, before), towards(point, after)];
      return `L${from.x} ${from.y}Q${point.x} ${point.y} ${to.x} ${to.y}`;
    })
    .join("");
}

function towards(from: { x: number; y: number }, to: { x: number; y: number }) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(6, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
