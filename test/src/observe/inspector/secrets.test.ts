/** A known secret, put wherever one can be, is in no frame of any dialect, in no encoding. */
import { describe, expect, it } from "vitest";
import { assign, createActor, fromCallback, fromPromise, setup } from "xstate";
import { xstate4Bridge } from "ws-supervisor/inspector";
import { scrub } from "../../../../src/observe/inspector/secrets.ts";
import { startSupervisor, promisesSettle } from "../../start-supervisor.ts";
import { liveUrl, PageDouble, startInspector } from "./start-inspector.ts";

const CANARY = "canary+Zq/7:w";
/** As it is, and as it may be written: whole, and by a part that no encoding of a neighbour shifts. */
const forms = [
  CANARY,
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString("base64").slice(0, 16),
  Buffer.from(` ${CANARY}`).toString("base64").slice(2, 16),
  Buffer.from(`  ${CANARY}`).toString("base64").slice(3, 16),
  Buffer.from(CANARY).toString("hex"),
];
const encoded = [CANARY, encodeURIComponent(CANARY), Buffer.from(CANARY).toString("base64")];

const leaksIn = (frames: readonly string[]) =>
  frames.filter((frame) => forms.some((form) => frame.includes(form)));

const chattyMachine = setup({
  types: {} as {
    context: { note: string; list: string[]; deep: { url: URL | string }; byKey: object };
    events: { type: "tell"; text: string; token: number } | { type: "go" };
  },
  actions: {
    keep: assign({ note: ({ event }) => (event.type === "tell" ? event.text : "") }),
    say: (_: unknown, { text }: { text: string }) => void text,
  },
  guards: { isSaid: (_, { text }: { text: string }) => text !== "" },
  actors: {
    worker: fromCallback<{ type: "go" }, { secret: string }>(() => undefined),
    answer: fromPromise<string, { url: string }>(({ input }) => Promise.resolve(input.url)),
  },
}).createMachine({
  id: "chatty",
  context: ({ self }) => ({
    note: CANARY,
    list: [...encoded],
    deep: { url: `wss://user:${encodeURIComponent(CANARY)}@host/?q=${CANARY}` },
    byKey: { [CANARY]: 1, session: self.id },
  }),
  invoke: [
    { src: "worker", id: "worker", input: { secret: CANARY } },
    { src: "answer", id: "answer", input: { url: CANARY } },
  ],
  on: {
    tell: {
      guard: { type: "isSaid", params: { text: CANARY } },
      actions: ["keep", { type: "say", params: { text: CANARY } }],
    },
  },
  meta: { note: CANARY },
});

describe("a canary in everything that an actor has", () => {
  it("is in no frame of the page, of @statelyai/inspect or of @xstate/inspect", async () => {
    const actor = createActor(chattyMachine);
    const { inspector, page } = await startInspector(actor, { bridges: [xstate4Bridge] });
    const stately = new PageDouble(inspector.statelyUrl);
    const xstate4 = new PageDouble(inspector.bridgeUrls[0] ?? "");
    await stately.opened;
    await xstate4.opened;
    xstate4.say({ type: "xstate.inspecting" });
    await xstate4.frame(/service\.register/);
    actor.start();
    for (const text of encoded) actor.send({ type: "tell", text, token: 7_777_777 });
    await promisesSettle();
    await page.settles();
    await stately.frame(/xstate\.done\.actor\.answer/);
    await xstate4.frame(/xstate\.done\.actor\.answer/);
    page.say({ type: "history", actor: page.actors()[0]?.key });
    await page.hears("history");
    const frames = [...page.frames, ...stately.frames, ...xstate4.frames];
    expect(frames.length).toBeGreaterThan(20);
    expect(leaksIn(frames)).toEqual([]);
    expect(frames.filter((frame) => frame.includes("7777777"))).toEqual([]);
    await inspector.close();
  });
});

describe("a canary in what a supervisor dials with", () => {
  it("is in no frame, through an outage and its report", async () => {
    const world = startSupervisor({
      backoff: () => 1_000,
      target: `wss://user:${encodeURIComponent(CANARY)}@venue.example/feed?token=${CANARY}`,
      protocols: ["v1", `token.${Buffer.from(CANARY).toString("hex")}`],
      headers: { authorization: `Bearer ${CANARY}` },
      decode: () => {
        throw new Error(`cannot read ${CANARY}`);
      },
    });
    const { inspector, page } = await startInspector(world.feed, { clock: world.clock });
    void world.feed.send(CANARY);
    world.comesUp();
    for (const text of encoded) world.socket.receives(text);
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    await page.settles();
    const late = new PageDouble(liveUrl(inspector.url));
    await late.hears("recent");
    const frames = [...page.frames, ...late.frames];
    expect(page.heard("fact").map(({ fact }) => fact.type)).toContain("message.invalid");
    expect(leaksIn(frames)).toEqual([]);
    await inspector.close();
  });
});

describe("text that its owner reveals", () => {
  it("is shown, but for what its key calls a secret and what a URL hides", async () => {
    const machine = setup({ types: {} as { context: object } }).createMachine({
      context: {
        symbol: "BTCUSDT",
        apiKey: "visible?",
        url: "wss://me:pass@host/feed?listenKey=abc",
      },
    });
    const { inspector, page } = await startInspector(createActor(machine).start(), {
      reveal: (_, { path }) => path[0] === "context",
    });
    expect(page.actors()[0]?.context).toEqual({
      symbol: "BTCUSDT",
      apiKey: { $: "secret" },
      url: "wss://host/feed?•••",
    });
    await inspector.close();
  });
});

describe("scrubbing", () => {
  it("takes out values of secrets and long codes, and leaves words", () => {
    expect(scrub("going away for maintenance")).toBe("going away for maintenance");
    expect(scrub("bad token=abc, key: def")).toBe("bad token=•••, key: •••");
    expect(scrub("id 8f14e45fceea167a5a36dedd4bea2543")).toBe("id •••");
  });
});
