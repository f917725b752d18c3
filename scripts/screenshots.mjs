// Every view of the inspector's page, in both themes, with 1 and with 200 connections, wide and narrow:
// `npm run screenshots -- [folder]` (default: ./screenshots). `--docs` renews the two in docs/.
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";
import { fleet } from "./inspector-scenes.mjs";

const words = process.argv.slice(2);
const forDocs = words.includes("--docs");
const folder = resolve(words.find((word) => !word.startsWith("--")) ?? "screenshots");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.error(`no Chromium at ${executablePath}; set CHROMIUM`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 400, height: 800 };

async function open(url, colorScheme, viewport) {
  const page = await browser.newPage({ viewport, colorScheme });
  await page.goto(url);
  await page.locator("svg .state").first().waitFor();
  await pause(1_200);
  return page;
}

/** A life worth looking at: up, lost, two failed attempts, back again, and lost once more. */
async function live({ feed, peer }) {
  await pause(1_500);
  peer().drops("ECONNRESET");
  await pause(1_000);
  feed.reconnect();
  peer().refuses(503);
  await pause(1_500);
  feed.reconnect();
  peer().opens();
  await pause(3_000);
  peer().drops("ETIMEDOUT");
  await pause(1_000);
}

async function shoot(page, name) {
  await page.screenshot({ path: resolve(folder, `${name}.png`) });
  console.log(`${name}.png`);
}

async function shootAll(count) {
  const { inspector, scenes, stop } = await fleet(count, { commands: true, title: "market-data" });
  await live(scenes[0]);
  for (const scheme of ["light", "dark"]) {
    const name = `${scheme}-${count}`;
    const page = await open(inspector.url, scheme, WIDE);
    await page.getByLabel("Length of the timeline").selectOption("1 min");
    await shoot(page, `${name}-chart`);
    await page.getByRole("button", { name: "Step back" }).click();
    await page.getByRole("button", { name: "Step back" }).click();
    await pause(300);
    await shoot(page, `${name}-travel`);
    await page.getByRole("button", { name: "Timeline", exact: true }).click();
    await pause(300);
    await shoot(page, `${name}-timeline`);
    await page
      .getByRole("button", { name: /^Outage of/ })
      .first()
      .click();
    await pause(200);
    await shoot(page, `${name}-outage`);
    await page.close();
    const narrow = await open(inspector.url, scheme, NARROW);
    for (const panel of ["Actors", "Chart", "Details", "Events"]) {
      await narrow.getByRole("navigation").getByRole("button", { name: panel }).click();
      await pause(200);
      await shoot(narrow, `${name}-narrow-${panel.toLowerCase()}`);
    }
    await narrow.close();
  }
  await stop();
}

for (const count of forDocs ? [] : (process.env.COUNTS ?? "1,200").split(",").map(Number))
  await shootAll(count);
if (forDocs) await shootDocs();
await browser.close();

async function shootDocs() {
  const { inspector, scenes, stop } = await fleet(24, { title: "market-data" });
  await live(scenes[0]);
  const docs = resolve(import.meta.dirname, "../docs");
  const chart = await open(inspector.url, "light", WIDE);
  await chart.getByLabel("Length of the timeline").selectOption("1 min");
  await chart.screenshot({ path: resolve(docs, "inspector-chart.png") });
  const dark = await open(inspector.url, "dark", { width: 1280, height: 720 });
  await dark.getByRole("button", { name: "Timeline", exact: true }).click();
  await dark.getByLabel("Length of the timeline").selectOption("1 min");
  await pause(300);
  await dark.screenshot({ path: resolve(docs, "inspector-timeline.png") });
  await stop();
}
