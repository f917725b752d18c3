/** What happened in a life, line by line. Switched off it costs nothing but a look. */

export class Log {
  readonly lines: string[] = [];
  readonly isOn: boolean;
  readonly #nowMs: () => number;
  readonly #startedAtMs: number;

  constructor(isOn: boolean, nowMs: () => number) {
    this.isOn = isOn;
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
  }

  /** Ask {@link isOn} first where the text is dear. */
  add(text: string): void {
    if (!this.isOn) return;
    const atMs = Math.round((this.#nowMs() - this.#startedAtMs) * 1_000) / 1_000;
    this.lines.push(`${String(atMs).padStart(10)}  ${text}`);
  }
}
