import { expect, it } from "vitest";
import { DemoScreen } from "../../../src/cli/demo-screen.ts";
import { Output } from "../../../src/cli/output.ts";
import { word } from "../../../src/cli/styled.ts";
import { Collector } from "./run-command.ts";

function startScreen(columns = 80, rows = 24) {
  const stdout = Object.assign(new Collector(), { columns, rows });
  const screen = new DemoScreen(new Output(stdout), stdout);
  let seen = 0;
  return {
    stdout,
    screen,
    draw: (...lines: readonly string[]) => {
      screen.draw(lines.map((line) => [word(line)]));
      const text = stdout.text.slice(seen);
      seen = stdout.text.length;
      return text;
    },
  };
}

it("hides the cursor while it draws and gives it back", () => {
  const { screen, stdout, draw } = startScreen();
  expect(draw("a")).toContain("\u001b[?25l");
  expect(draw("a")).not.toContain("\u001b[?25l");
  screen.close();
  screen.close();

  expect(stdout.text.split("\u001b[?25h")).toHaveLength(2);
});

it("draws over the last frame without clearing the screen", () => {
  const { draw } = startScreen();
  expect(draw("a", "b")).toContain("a\u001b[K\nb\u001b[K\n\u001b[J");
  const second = draw("c");

  expect(second).toContain("\r\u001b[2Ac\u001b[K\n\u001b[J");
  expect(second).not.toContain("\u001b[2J");
});

it("starts over at another width", () => {
  const { stdout, draw } = startScreen();
  draw("a");
  stdout.columns = 40;

  expect(draw("a")).toContain("\u001b[2J\u001b[H");
});

it("draws no more than fits", () => {
  const { draw } = startScreen(5, 3);
  const frame = draw("123456", "b", "c");

  expect(frame).toContain("123…\u001b[K");
  expect(frame).not.toContain("c\u001b[K");
});
