/** Certificates of every kind, made anew by openssl: none is ever committed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../raw-peer.ts";

/** A key and its certificate, as PEM. */
interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  /** The authority that signed the leaves. */
  readonly ca: string;
  /** What it has revoked. */
  readonly crl: string;
  readonly good: Identity;
  readonly expired: Identity;
  readonly future: Identity;
  readonly wrongName: Identity;
  readonly client: Identity;
  readonly revoked: Identity;
  /** Signed by nobody else. */
  readonly self: Identity;
  /** The same, with an RSA key of 1,024 bits. */
  readonly weak: Identity;
}

const LOCAL = "DNS:localhost,IP:127.0.0.1";

const CONFIG = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = policy
copy_extensions = copy
unique_subject = no
[policy]
commonName = supplied
`;

export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "ws-table-"));
  const openssl = (command: string, ...more: readonly string[]): void => {
    execFileSync("openssl", [...command.split(" "), ...more], { cwd: folder, stdio: "ignore" });
  };
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  const key = (name: string): void => {
    openssl(`ecparam -name prime256v1 -genkey -noout -out ${name}.key`);
  };
  /** @param fromDays - From when it holds, counted from now. */
  const leaf = (name: string, names = LOCAL, fromDays = -1, toDays = 30): Identity => {
    key(name);
    openssl(
      `req -new -key ${name}.key -subj /CN=${name} -out ${name}.csr -addext`,
      `subjectAltName=${names}`,
    );
    openssl(
      `ca -batch -config ca.cnf -in ${name}.csr -out ${name}.pem -notext -startdate ${dateIn(fromDays)} -enddate ${dateIn(toDays)}`,
    );
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  try {
    writeFileSync(join(folder, "ca.cnf"), CONFIG);
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(join(folder, "serial"), "1000\n");
    writeFileSync(join(folder, "crlnumber"), "01\n");
    key("ca");
    openssl(
      "req -x509 -new -key ca.key -days 30 -out ca.pem -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -subj",
      "/CN=Test CA",
    );
    const leaves = {
      good: leaf("good"),
      expired: leaf("expired", LOCAL, -30, -1),
      future: leaf("future", LOCAL, 10),
      wrongName: leaf("wrongname", "DNS:example.test"),
      client: leaf("client", "DNS:client"),
      revoked: leaf("revoked"),
    };
    openssl("ca -config ca.cnf -revoke revoked.pem");
    openssl("ca -config ca.cnf -gencrl -out crl.pem");
    openssl(
      "req -x509 -newkey rsa:1024 -nodes -keyout weak.key -days 30 -out weak.pem -subj /CN=localhost -addext",
      `subjectAltName=${LOCAL}`,
    );
    const weak = { key: read("weak.key"), cert: read("weak.pem") };
    return { ...leaves, weak, self: selfSigned(), ca: read("ca.pem"), crl: read("crl.pem") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As openssl wants it: 20261122010203Z. */
function dateIn(days: number): string {
  const instant = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${instant.replace(/[-:T]|\.\d+Z/g, "")}Z`;
}
