/**
 * The labels of a connection, bounded: names are the user's, and one who makes them of a counter would
 * fill the memory of whoever stores the series. Beyond the bound all are called `other`.
 */
import type { Observed } from "../observed.ts";
import type { Label } from "./catalog.ts";

const MAX_NAMES = 500;

export type Labels = { readonly connection: string; readonly venue: string } & {
  readonly [name in Label]?: string;
};

export class ConnectionLabels {
  readonly #known = new Map<string, Labels>();

  of({ name, venue = "" }: Pick<Observed, "name" | "venue">): Labels {
    const key = `${venue}\n${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_NAMES) return { connection: "other", venue: "" };
    const labels = { connection: name, venue };
    this.#known.set(key, labels);
    return labels;
  }
}
