// The other end of a BenchProcess: answers one question at a time, and ends with its parent.

/**
 * @param {(question: any) => unknown} onQuestion - What it returns, or resolves with, is the answer;
 * `undefined` for an order that is not answered.
 */
export function answer(onQuestion) {
  process.on("message", async (question) => {
    try {
      const result = await onQuestion(question);
      if (result !== undefined) process.send(result);
    } catch (error) {
      process.send({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

export function say(words) {
  process.send(words);
}

export function sleep(durationMs) {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

/** CPU of this process since `start`, all threads (the collector's too), in microseconds. */
export function cpuUs(start) {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
