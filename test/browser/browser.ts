/**
 * A Chromium for the tests: Debian's, driven by playwright-core. Every request that it makes and every
 * error that its console shows is kept.
 */
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const isBuilt = existsSync(new URL("../../dist/inspector/page.js", import.meta.url));

/** Why the tests are skipped; undefined where they are not. */
export const missing = !existsSync(executablePath)
  ? `no Chromium at ${executablePath} (apt-get install chromium, or set CHROMIUM)`
  : isBuilt
    ? undefined
    : "the page is not built (npm run build)";

export interface WatchedPage {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly errors: readonly string[];
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export async function openPage(
  browser: Browser,
  url: string,
  options: { readonly colorScheme?: "light" | "dark"; readonly width?: number } = {},
): Promise<WatchedPage> {
  const { colorScheme = "light", width = 1280 } = options;
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("websocket", (socket) => requests.push(socket.url()));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  return { page, requests, errors };
}
