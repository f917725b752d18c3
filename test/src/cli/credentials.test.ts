import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Credentials } from "../../../src/cli/credentials.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "credentials-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const env = { TOKEN: 'p@"ss/', URL: "wss://host/ws?token=a1b2c3", EMPTY: "" };

describe("${NAME} stands for an environment variable", () => {
  const credentials = () => new Credentials(env);

  it("in a URL encoded, or as all of it", () => {
    expect(credentials().url("url", "wss://h/?k=${TOKEN}")).toBe("wss://h/?k=p%40%22ss%2F");
    expect(credentials().url("url", "${URL}")).toBe(env.URL);
  });

  it("in a frame as JSON text, or as it is in one that is no JSON", () => {
    const frame = credentials().frame("--subscribe", '{"token":"${TOKEN}"}');
    expect(JSON.parse(frame)).toEqual({ token: env.TOKEN });
    expect(credentials().frame("--subscribe", "AUTH ${TOKEN}")).toBe(`AUTH ${env.TOKEN}`);
  });

  it("in a header and a subprotocol as it is", () => {
    expect(credentials().headers(undefined, ["X-Key: ${TOKEN}"])).toEqual({ "X-Key": env.TOKEN });
    expect(credentials().protocol("--protocol", "bearer.${TOKEN}")).toBe(`bearer.${env.TOKEN}`);
  });

  it("but not behind a dollar sign, and nothing else does", () => {
    expect(credentials().frame("f", "$${TOKEN} $TOKEN ${a-b} ${}")).toBe(
      "${TOKEN} $TOKEN ${a-b} ${}",
    );
  });

  it.each(["EMPTY", "NOT_SET"])("that has to be set: %s", (name) => {
    expect(() => credentials().url("url", `wss://h/\${${name}}`)).toThrow(
      `url: expected a value in the environment variable ${name}, received`,
    );
  });

  it("whose value is never printed", () => {
    const each = credentials();
    each.frame("f", '{"op":"${TOKEN}"}');
    expect(each.secrets.redact(`echo ${env.TOKEN} ${JSON.stringify(env.TOKEN)}`)).toBe(
      'echo [redacted] "[redacted]"',
    );
  });
});

describe("--header-file", () => {
  it("holds headers, blank lines and comments; the command line wins", () => {
    const file = write("headers", "# mine\r\nAuthorization: Bearer ${TOKEN}\r\n\nX-A: 1\n");
    const credentials = new Credentials(env);
    expect(credentials.headers(file, ["X-A: 2"])).toEqual({
      Authorization: `Bearer ${env.TOKEN}`,
      "X-A": "2",
    });
    expect(credentials.secrets.redact(`Bearer ${env.TOKEN}`)).toBe("[redacted]");
  });

  it("is refused without its lines being repeated", () => {
    const file = write("bad", "s3cret");
    expect(() => new Credentials().headers(file, [])).toThrow(
      '--header-file: expected "Name: value", received "text without a colon"',
    );
    expect(() => new Credentials().headers(join(folder, "none"), [])).toThrow(
      /--header-file: expected a file that can be read \(ENOENT/,
    );
    expect(() => new Credentials().headers(write("huge", "x".repeat(70_000)), [])).toThrow(
      "--header-file: expected at most 65536 bytes of headers",
    );
  });

  it.skipIf(!existsSync("/dev/zero"))("is read no further than its bound, if it never ends", () => {
    expect(() => new Credentials().headers("/dev/zero", [])).toThrow("65536 bytes of headers");
    expect(() => new Credentials().tls({ ca: ["/dev/zero"] })).toThrow("4194304 bytes of PEM");
  });
});

describe("material for TLS", () => {
  it.each([
    [() => ({ cert: "c.pem" }), "--cert: expected --key beside it"],
    [() => ({ key: "k.pem" }), "--key: expected --cert beside it"],
    [() => ({ ca: [join(folder, "none.pem")] }), "--ca: expected a file that can be read (ENOENT"],
    [
      () => ({ ca: [write("ca.txt", "garbage")] }),
      "--ca: expected a file in PEM that holds a certificate",
    ],
    [
      () => ({
        ca: [write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")],
      }),
      "--ca: expected material that TLS can use (",
    ],
  ])("is refused before any dial where it cannot work (%#)", (files, problem) => {
    expect(() => new Credentials().tls(files())).toThrow(problem);
  });

  it("is none where none is given", () => {
    expect(new Credentials().tls({})).toEqual({});
  });
});
