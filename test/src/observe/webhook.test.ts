import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  webhook,
  type RaisedAlert,
  type WebhookOptions,
  type WebhookRequest,
  type WebhookResponse,
} from "ws-supervisor/alerts";
import { OptionError } from "../../../src/index.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { promisesSettle } from "../start-supervisor.ts";

const secret = "https://hooks.example/services/T0/B0/hunter2?token=hunter2";

const alert: RaisedAlert = {
  key: "quotes/outage",
  status: "firing",
  severity: "warning",
  kind: "outage",
  connection: "quotes",
  venue: undefined,
  text: "quotes: dropped",
  atMs: 1,
  sinceMs: 1,
  count: 1,
};

type Answer = number | Error | "never" | "nothing" | WebhookResponse;

/** A server that answers so, one answer per try; the last one for ever. */
function served(answers: readonly Answer[], options: WebhookOptions = {}) {
  const clock = new VirtualClock();
  const tries: (WebhookRequest & { readonly url: string; readonly atMs: number })[] = [];
  const startMs = clock.nowMs();
  const fetch = (url: string, request: WebhookRequest): Promise<WebhookResponse> => {
    const answer = answers[Math.min(tries.length, answers.length - 1)] ?? 200;
    tries.push({ url, atMs: clock.nowMs() - startMs, ...request });
    if (answer === "never") return new Promise(() => undefined);
    if (answer === "nothing") return Promise.resolve(undefined as never);
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(typeof answer === "number" ? { status: answer } : answer);
  };
  const sink = webhook(secret, { fetch, clock, ...options });
  /** Delivers one alert; what came of it. */
  const deliver = async (given: RaisedAlert = alert) => {
    let outcome: unknown = "waits";
    Promise.resolve(sink(given)).then(
      () => (outcome = "delivered"),
      (error: unknown) => (outcome = error),
    );
    for (let seconds = 0; seconds < 120; seconds += 1) {
      await promisesSettle();
      clock.advance(1_000);
    }
    expect(clock.armed).toBe(0);
    return outcome;
  };
  return { tries, deliver };
}

describe("a webhook", () => {
  it("posts the alert as JSON, once, and follows no redirect", async () => {
    const { tries, deliver } = served([200], { headers: { authorization: "Bearer x" } });
    expect(await deliver()).toBe("delivered");
    expect(tries).toMatchObject([
      {
        url: secret,
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/json", authorization: "Bearer x" },
      },
    ]);
    expect(JSON.parse(tries[0]?.body ?? "")).toEqual({ ...alert, venue: undefined });
  });

  it.each<readonly [string, Answer]>([
    ["500", 500],
    ["429", 429],
    ["408", 408],
    ["nobody there", Object.assign(new Error(secret), { code: "ECONNREFUSED" })],
    ["no answer", "never"],
  ])("tries again after %s, and waits longer each time", async (_, answer) => {
    const { tries, deliver } = served([answer, answer, 204]);
    expect(await deliver()).toBe("delivered");
    const tookMs = answer === "never" ? 5_000 : 0;
    expect(tries.map(({ atMs }) => atMs)).toEqual([0, tookMs + 1_000, 2 * tookMs + 3_000]);
  });

  it.each([400, 401, 404, 410, 302])("does not try again after %d", async (status) => {
    const { tries, deliver } = served([status]);
    expect(await deliver()).toMatchObject({
      message: `the webhook answered ${status}`,
      code: "ERR_WEBHOOK",
      retryable: false,
    });
    expect(tries).toHaveLength(1);
  });

  it("waits for Retry-After, ten seconds at most", async () => {
    const asks = (seconds: string): WebhookResponse => ({
      status: 503,
      headers: { get: (name) => (name === "retry-after" ? seconds : null) },
    });
    const { tries, deliver } = served([asks("7"), asks("3600"), 200]);
    await deliver();
    expect(tries.map(({ atMs }) => atMs)).toEqual([0, 7_000, 17_000]);
  });

  it.each<readonly [string, Answer, string]>([
    ["HTTP 500", 500, "the webhook answered 500"],
    ["no answer", "never", "the webhook gave no answer within 5000 ms"],
    [
      "a failure that names the URL",
      new Error(`fetch failed: ${secret}`),
      "the webhook was not reached",
    ],
    [
      "a failure with a cause",
      new Error(secret, { cause: Object.assign(new Error(secret), { code: "ENOTFOUND" }) }),
      "the webhook was not reached (ENOTFOUND)",
    ],
  ])("gives up after three tries of %s, and shows no secret", async (_, answer, message) => {
    const { tries, deliver } = served([answer]);
    const error = await deliver();
    expect(error).toMatchObject({ message, retryable: false });
    expect(tries).toHaveLength(3);
    expect(inspect(error, { depth: 5, showHidden: true })).not.toContain("hunter2");
  });

  it("does not try again where `fetch` gives no response", async () => {
    const { tries, deliver } = served(["nothing"]);
    expect(await deliver()).toMatchObject({ message: "the webhook's fetch() gave no response" });
    expect(tries).toHaveLength(1);
  });

  it("does not wait for a fetch that ignores its signal, and aborts one that heeds it", async () => {
    const { tries, deliver } = served(["never"], { attempts: 1, timeoutMs: 2_000 });
    expect(await deliver()).toMatchObject({ message: "the webhook gave no answer within 2000 ms" });
    expect(tries[0]?.signal.aborted).toBe(true);
  });

  it("lets go of an answer's body without reading it", async () => {
    let cancelled = 0;
    const body = {
      cancel: () => {
        cancelled += 1;
        return Promise.reject(new Error("gone"));
      },
    };
    const { deliver } = served([{ status: 200, body }]);
    expect(await deliver()).toBe("delivered");
    expect(cancelled).toBe(1);
  });

  it("cuts a text that is too long", async () => {
    const { tries, deliver } = served([200]);
    await deliver({ ...alert, text: "x".repeat(1e6) });
    expect((tries[0]?.body.length ?? 0) < 5_000).toBe(true);
  });

  it("sends what `body` makes of the alert", async () => {
    const { tries, deliver } = served([200], { body: ({ text }) => ({ content: text }) });
    await deliver();
    expect(tries[0]?.body).toBe('{"content":"quotes: dropped"}');
  });

  it.each<readonly [string, () => unknown, string]>([
    ["nothing", () => undefined, "the webhook's body() gave what is no JSON"],
    ["a promise", () => Promise.resolve({}), "the webhook's body() gave what is no JSON"],
    [
      "a promise that rejects",
      () => Promise.reject(new Error("no")),
      "the webhook's body() gave what is no JSON",
    ],
    ["a map", () => new Map([[1, 2]]), "the webhook's body() gave what is no JSON"],
    ["a bigint", () => 5n, "the webhook's body() gave what is no JSON"],
    ["too much", () => "x".repeat(70_000), "the webhook's body is longer than 65536 characters"],
  ])("sends nothing where `body` gives %s", async (_, body, message) => {
    const { tries, deliver } = served([200], { body });
    expect(await deliver()).toMatchObject({ message, retryable: false });
    expect(tries).toEqual([]);
  });
});

describe("the options of webhook", () => {
  it.each<readonly [unknown, object, string]>([
    [5, {}, "url: expected an http: or https: URL without userinfo, received 5"],
    ["hunter2", {}, 'url: expected an http: or https: URL without userinfo, received "no URL"'],
    ["ftp://a/hunter2", {}, 'received "ftp:"'],
    ["https://me:hunter2@a/", {}, 'received "one with userinfo"'],
    ["https://a/", { attempts: 0 }, "attempts: expected an integer from 1 to 10"],
    ["https://a/", { timeoutMs: 0 }, "timeoutMs: expected milliseconds from 1"],
    ["https://a/", { fetch: 5 }, "fetch: expected a function"],
    ["https://a/", { body: {} }, "body: expected a function"],
    ["https://a/", { headers: { a: "hunter2\n" } }, "headers.a: expected a string without control"],
    ["https://a/", { retries: 5 }, "retries: expected one of headers"],
  ])("are checked: %j %j", (url, options, message) => {
    const make = () => webhook(url as string, options);
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
    expect(make).not.toThrow("hunter2");
  });
});
