import { describe, expect, it } from "vitest";
import { Secrets } from "../../../src/cli/secrets.ts";

const secretsOf = (add: (secrets: Secrets) => void) => {
  const secrets = new Secrets();
  add(secrets);
  return secrets;
};

describe("a line", () => {
  it("shows no credentials of a URL, encoded or not", () => {
    const secrets = secretsOf((each) =>
      each.addUrl("wss://user:p%40ss@host/ws?apiKey=k%2Fey1&streams=btcusdt@trade"),
    );
    const line = "user p%40ss p@ss k/ey1 k%2Fey1 btcusdt@trade";
    expect(secrets.redact(line)).toBe(
      "[redacted] [redacted] [redacted] [redacted] [redacted] btcusdt@trade",
    );
  });

  it("shows no header that is named like a credential, nor what stands behind its scheme", () => {
    const secrets = secretsOf((each) => {
      each.addHeader("Authorization", "Bearer t0k3n");
      each.addHeader("X-Api-Key", "abcd");
      each.addHeader("User-Agent", "mine");
    });
    expect(secrets.redact('refused "Bearer t0k3n": t0k3n, abcd, mine')).toBe(
      'refused "[redacted]": [redacted], [redacted], mine',
    );
  });

  it("shows no values of a frame that are named like one, and none of a login", () => {
    const plain = '{"op":"subscribe","args":["trades"],"auth":{"sign":["abcdef"]}}';
    const login = '{"op":"login","args":[{"apiKey":"k1234","passphrase":"horse"}]}';
    const secrets = secretsOf((each) => {
      each.addFrame(plain);
      each.addFrame(login);
    });
    expect(secrets.redact(plain)).toBe(
      '{"op":"subscribe","args":["trades"],"auth":{"sign":["[redacted]"]}}',
    );
    expect(secrets.redact(`${login} k1234`)).not.toMatch(/k1234|horse/);
  });

  it("shows no frame that is no JSON and may be a login", () => {
    const secrets = secretsOf((each) => {
      each.addFrame("AUTH s3cret");
      each.addFrame("ping");
    });
    expect(secrets.redact("AUTH s3cret, ping")).toBe("[redacted], ping");
  });

  it("shows none that stands in JSON, or in JSON within JSON", () => {
    const secret = 'a"\\b';
    const secrets = secretsOf((each) => each.add(secret));
    const once = JSON.stringify({ token: secret });
    for (const line of [once, JSON.stringify({ frame: once })]) {
      expect(secrets.redact(line)).toContain("[redacted]");
      expect(secrets.redact(line)).not.toContain("b");
    }
  });

  it("shows no beginning of one that is cut off", () => {
    const secrets = secretsOf((each) => each.add("s3cret-and-long"));
    expect(secrets.redact("token=s3cret-an… and so on")).toBe("token=[redacted]… and so on");
    expect(secrets.redact("it was s3c…")).toBe("it was s3c…");
  });

  it("is as it is where there is nothing to hide", () => {
    expect(new Secrets().redact("abc…")).toBe("abc…");
    const short = secretsOf((each) => each.add("abc"));
    expect(short.redact("abc")).toBe("abc");
  });
});
