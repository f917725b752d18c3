/** An inspector never keeps its process alive: not by listening, not by a page that is open. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { liveUrl, PageDouble } from "../../src/observe/inspector/start-inspector.ts";
import { buildPackage } from "../built-package.ts";

describe("the process of an inspected service", () => {
  it("ends when its work does, with a page open", async () => {
    const program = resolve(import.meta.dirname, "../programs/inspected-service.mjs");
    const service = spawn(process.execPath, [program, buildPackage("inspector")]);
    const [line] = (await once(service.stdout, "data")) as [Buffer];
    const page = new PageDouble(liveUrl(line.toString().trim()));
    await page.hears("recent");
    const ended = once(service, "exit");
    service.stdin.end();
    expect(await ended).toEqual([0, null]);
    await page.closed;
  }, 60_000);
});
