/**
 * What every wait must be: the floor of the loss, the user's backoff, the budget; said from the
 * options and the losses alone. Invariants 4, 5, 6 and 20, and that waits have jitter.
 */
import {
  defaultBackoff,
  loneClientBackoff,
  type BackoffShape,
  type FinalRuling,
  type Loss,
} from "../../../../machines/index.ts";
import type { Scene } from "../scene.ts";
import { Credentials } from "./credentials.ts";
import { expectedOf, userRow, type Expected, type Past } from "./rulings.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;
/** As much of the past as is promised to be remembered. */
const REMEMBERED = 32;

interface Range {
  readonly lowMs: number;
  readonly highMs: number;
}

export class Waits {
  readonly #scene: Scene;
  /** What failures may be now: two values where a timer may or may not have fired. */
  #failures: readonly number[] = [0];
  #past: { readonly row: string; readonly atMs: number }[] = [];
  readonly #credentials: Credentials;
  #wasReady = false;
  #upSince: { readonly atMs: number; readonly stops: number } | undefined;
  #outageSinceMs: number | undefined;
  #tokens: number;
  #tokensAtMs = 0;
  #lastWaitMs = 0;
  readonly #jitter: number[] = [];
  /** What the user's functions said of the loss that is being judged. */
  verdictSaid: FinalRuling | undefined;
  backoffSaid: number | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#tokens = scene.character.options.retryBudget.attempts;
    this.#credentials = new Credentials(scene.character.options.stableAfterMs);
  }

  /** The next dial must renew credentials. Undefined where it can't be known. */
  get renews(): boolean | undefined {
    return this.#credentials.isDue;
  }

  /** How long a command has to wait at most, as new credentials are not asked for so soon again. */
  untilCallMs(atMs: number): number {
    return this.#credentials.untilCallMs(atMs);
  }

  get failures(): readonly number[] {
    return this.#failures;
  }

  /** A dial was made. One that nobody commanded needs a token. */
  dialled(atMs: number, isCommanded: boolean, isPlanned: boolean): void {
    this.#outageSinceMs ??= atMs;
    this.#credentials.dialled(atMs, isPlanned);
    const { attempts, perMs } = this.#scene.character.options.retryBudget;
    const tokens = this.#tokensAt(atMs);
    const slack = 1e-6 + (attempts / perMs) * this.#scene.toleranceMs;
    if (!isCommanded && tokens < 1 - slack) {
      this.#scene.violate("4 budget", `dialled by itself with ${tokens} tokens`);
    }
    this.#tokens = Math.max(tokens - 1, 0);
    this.#tokensAtMs = atMs;
  }

  up(atMs: number): void {
    this.#outageSinceMs = undefined;
    this.#wasReady = true;
    this.#credentials.up();
    this.#upSince = { atMs, stops: this.#scene.process.stops };
  }

  /** Closing: nothing is forgiven any more. */
  ends(): void {
    this.#forgive(this.#scene.process.nowMs());
    this.#upSince = undefined;
  }

  /** `connect` after `failed`. */
  startedAfresh(): void {
    this.#failures = [0];
    this.#past = [];
    this.#credentials.startedAfresh();
    this.#outageSinceMs = undefined;
  }

  /** A command waits, in place of what was waited for before. */
  delayed(waitMs: number): void {
    this.#lastWaitMs = waitMs;
  }

  /** A socket was lost, or a dial failed, and this wait was announced; null for none. */
  lost(loss: Loss, retryInMs: number | null, atMs: number): void {
    this.#forgive(atMs);
    this.#upSince = undefined; // what was not forgiven by now will not be
    if (["requested", "planned", "mute"].includes(loss.class)) {
      // The wait of a command that is delayed is judged where it says so.
      if (retryInMs === null || (loss.class !== "requested" && retryInMs !== 0)) {
        this.#wrong(loss, `a wait of ${retryInMs}`);
      }
      this.#lastWaitMs = retryInMs ?? 0;
      return;
    }
    const { maxRetries } = this.#scene.character.options;
    const isExhausted = this.#failures.every((failures) => failures >= maxRetries);
    const mayGiveUp = this.#failures.some((failures) => failures >= maxRetries);
    this.#failures = this.#failures.map((failures) => failures + 1);
    this.#outageSinceMs ??= atMs;
    const expected = this.#expect(loss, atMs);
    this.#past.push({ row: expected?.row ?? "unknown", atMs });
    this.#past = this.#past.slice(-REMEMBERED);
    this.#credentials.lost(expected?.renews, atMs);

    if (retryInMs === null) {
      this.#credentials.gaveUp();
      if (expected?.refuses === false && !mayGiveUp) this.#wrong(loss, "gave up");
    } else if (expected !== undefined) {
      if (expected.refuses || isExhausted) this.#wrong(loss, `a wait of ${retryInMs}: it is final`);
      else this.#judge(loss, expected, retryInMs, atMs);
    }
    this.#lastWaitMs = retryInMs ?? 0;
    this.verdictSaid = undefined;
    this.backoffSaid = undefined;
  }

  /** What the supervisor says of its failures. */
  reported(failures: number, isWhole: boolean): void {
    if (isWhole) this.#forgive(this.#scene.process.nowMs());
    if (this.#failures.includes(failures)) {
      this.#failures = [failures];
      return;
    }
    this.#scene.violate(
      "6 forgiveness",
      `${failures} failures, where ${this.#failures.join(" or ")} are right`,
    );
  }

  /** At the end of a life. */
  finish(): void {
    const shares = this.#jitter;
    if (shares.length < 6) return;
    const spread = Math.max(...shares) - Math.min(...shares);
    if (spread < 0.02) {
      this.#scene.violate("jitter", `${shares.length} waits at ${shares[0]} of their range`);
    }
  }

  /** Ready for the stable time: past failures are forgiven, if the timer has fired. */
  #forgive(atMs: number): void {
    const { toleranceMs, process, character } = this.#scene;
    const since = this.#upSince;
    if (since === undefined) return;
    const restMs = since.atMs + character.options.stableAfterMs - atMs;
    if (restMs > toleranceMs) return;
    const isSure = restMs <= -toleranceMs && process.stops === since.stops;
    const failures = isSure ? [] : this.#failures.filter((count) => count !== 0);
    this.#credentials.stable(isSure);
    this.#failures = [0, ...failures];
  }

  #expect(loss: Loss, atMs: number): Expected | undefined {
    const { character } = this.#scene;
    const hasRenewed = this.#credentials.wereRenewed(atMs);
    const past: Past = {
      times: (row, withinMs) =>
        this.#past.filter((one) => one.row === row && atMs - one.atMs <= withinMs).length,
      hasRenewed: hasRenewed ?? false,
      wasReady: this.#wasReady,
      isRenewable: character.url !== "plain" || character.hasLogin,
    };
    const said =
      this.verdictSaid === undefined
        ? character.verdict === "rules"
          ? userRow(loss, past)
          : undefined
        : { row: "said", ruling: this.verdictSaid };
    const expected = expectedOf(loss, past, said);
    // Where nobody can know whether credentials were renewed before, nothing is expected.
    return hasRenewed === undefined && isAboutCredentials(loss) ? undefined : expected;
  }

  #judge(loss: Loss, expected: Expected, retryInMs: number, atMs: number): void {
    const { violate } = this.#scene;
    const { isNow } = expected;
    const pace = this.#credentials.pace(expected, atMs);
    if (pace === undefined) return;
    const floorMs = Math.max(expected.floorMs, pace.lowMs);
    const spreadMs = Math.max(expected.floorMs + expected.spreadMs, pace.highMs) - floorMs;
    if (!Number.isInteger(retryInMs) || retryInMs < 0 || retryInMs > MAX_TIMER_MS) {
      violate("5 floor and cap", `a wait of ${retryInMs} is none`);
      return;
    }
    const ranges = isNow ? [{ lowMs: 0, highMs: 0 }] : this.#backoffs(atMs);
    const ownLowMs = Math.min(...ranges.map(({ lowMs }) => lowMs));
    const ownHighMs = Math.max(...ranges.map(({ highMs }) => highMs));
    const tokenMs = this.untilTokenMs(atMs);
    const lowMs = Math.max(ownLowMs, floorMs, tokenMs);
    const highMs = Math.max(ownHighMs, floorMs + spreadMs, tokenMs);
    if (retryInMs < Math.floor(lowMs) - 1 || retryInMs > Math.ceil(highMs) + 1) {
      this.#wrong(loss, `a wait of ${retryInMs}, not in ${Math.floor(lowMs)}…${Math.ceil(highMs)}`);
    }
    const isOwn = ownLowMs >= floorMs + spreadMs && ownLowMs >= tokenMs && ranges.length === 1;
    if (isOwn && ownHighMs - ownLowMs > 200) {
      this.#jitter.push((retryInMs - ownLowMs) / (ownHighMs - ownLowMs));
    }
  }

  /** The user's backoff, for each number of failures that there may be, in a young and a long outage. */
  #backoffs(atMs: number): readonly Range[] {
    const { character, toleranceMs } = this.#scene;
    const outageMs = atMs - (this.#outageSinceMs ?? atMs);
    const restMs = character.options.longOutageAfterMs - outageMs;
    // A deadline that passed late is judged as of its time.
    const lengths = Math.abs(restMs) <= toleranceMs + 1 ? [false, true] : [restMs <= 0];
    const shape = shapeOf(character.backoff);
    if (shape === undefined && this.backoffSaid !== undefined) {
      const saidMs = Math.min(Math.max(Math.round(this.backoffSaid), 0), MAX_TIMER_MS);
      return [{ lowMs: saidMs, highMs: saidMs }];
    }
    return this.#failures.flatMap((failures) =>
      lengths.map((isLong) => rangeOf(shape ?? defaultBackoff, failures, isLong, this.#lastWaitMs)),
    );
  }

  #tokensAt(atMs: number): number {
    const { attempts, perMs } = this.#scene.character.options.retryBudget;
    const refilled = (Math.max(atMs - this.#tokensAtMs, 0) * attempts) / perMs;
    return Math.min(attempts, this.#tokens + refilled);
  }

  /** How long until the budget allows one more dial. */
  untilTokenMs(atMs: number): number {
    const { attempts, perMs } = this.#scene.character.options.retryBudget;
    return Math.max(((1 - this.#tokensAt(atMs)) * perMs) / attempts, 0);
  }

  #wrong(loss: Loss, what: string): void {
    const { row } = this.#past.at(-1) ?? { row: "?" };
    const { class: name, status, closeCode, retryAfterMs } = loss;
    const why = JSON.stringify({ class: name, status, closeCode, retryAfterMs });
    this.#scene.violate(
      "5 floor and cap",
      `${what}, after ${why} (${row}, failures ${this.#failures.join(" or ")})`,
    );
  }
}

function isAboutCredentials(loss: Loss): boolean {
  return loss.class === "auth" || loss.status === 401 || loss.closeCode === 3000;
}

function shapeOf(backoff: Scene["character"]["backoff"]): BackoffShape | undefined {
  if (typeof backoff === "object") return backoff;
  if (backoff === "function") return undefined;
  return backoff === "default" ? defaultBackoff : loneClientBackoff;
}

function rangeOf(shape: BackoffShape, failures: number, isLong: boolean, lastMs: number): Range {
  const { jitter, firstMs, baseMs, factor = 2, capMs, longOutageCapMs = 30_000 } = shape;
  if (failures <= 1 && firstMs !== undefined && !isLong) return { lowMs: 0, highMs: firstMs };
  const longMs = Math.max(longOutageCapMs, capMs);
  const topMs = isLong ? longMs : Math.min(capMs, baseMs * factor ** (failures - 1));
  switch (jitter) {
    case "full":
      return { lowMs: 0, highMs: topMs };
    case "equal":
      return { lowMs: topMs / 2, highMs: topMs };
    case "decorrelated": {
      const previousMs = failures === 1 ? 0 : lastMs;
      const widestMs = Math.min(isLong ? longMs : capMs, Math.max(baseMs, previousMs) * 3);
      return { lowMs: baseMs, highMs: Math.max(baseMs, widestMs) };
    }
  }
}
