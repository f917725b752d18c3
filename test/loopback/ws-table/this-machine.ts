/** What a case depends on that differs from machine to machine. */
import { networkInterfaces } from "node:os";
import type { Case } from "./case.ts";
import { hasOpenssl } from "./certificates.ts";

/** From OpenSSL 3.2 on, hence from Node 24 on, a key of 1,024 bits is too small to trust. */
export const trustsWeakKeys = Number(process.versions.node.split(".")[0]) < 24;

/** What is not here, in words; the cases that need it are skipped then, and say so. */
export function lacking(what: NonNullable<Case["needs"]>): string | undefined {
  switch (what) {
    case "openssl":
      return hasOpenssl() ? undefined : "there is no openssl here to make certificates";
    case "ipv6": {
      const addresses = Object.values(networkInterfaces()).flat();
      return addresses.some((each) => each?.address === "::1") ? undefined : "there is no ::1 here";
    }
  }
}
