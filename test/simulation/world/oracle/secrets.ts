/** The canary: a credential that must show nowhere. Invariant 22. */
import type { Scene } from "../scene.ts";

/** Stands in the URL's query and in a header. */
export const CANARY = "canary-7f3a";

export class Secrets {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** As JSON shows it, which is what logs and inspectors do; errors by what they say. */
  look(where: string, value: unknown): string {
    const text = JSON.stringify(value, (_, part: unknown) => {
      if (part instanceof Error) return `${part.name}: ${part.message}`;
      return part instanceof Map ? [...part] : part;
    });
    if (text?.includes(CANARY)) this.#scene.violate("22 secrets", `in ${where}: ${text}`);
    return text ?? "";
  }
}
