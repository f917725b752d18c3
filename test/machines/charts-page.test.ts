/** The pictures are the charts' own; `npm run docs:machines` draws them anew. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { chartsPage, withPicture } from "./charts-page.ts";

const root = resolve(import.meta.dirname, "../..");

async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

describe("what is drawn from the charts", () => {
  it("is docs/machines.md, all of it", async () => {
    const file = resolve(root, "docs/machines.md");
    await expect(await formatted(file, chartsPage())).toMatchFileSnapshot(file);
  });

  it("is the README's picture", async () => {
    const file = resolve(root, "README.md");
    const drawn = withPicture(readFileSync(file, "utf8"));
    await expect(await formatted(file, drawn)).toMatchFileSnapshot(file);
  });
});
