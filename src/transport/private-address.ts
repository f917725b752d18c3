/**
 * Addresses that no public server has.
 *
 * A name of a public feed that resolves to one is a mistake or an attack (a poisoned resolver, DNS
 * rebinding), and credentials must not go there (faults.md §C S18). Everything that IANA does not call
 * globally reachable counts.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6890} and the IANA registries that it founded
 */
import { BlockList, isIP } from "node:net";

/** The code of a refusal. */
export const PRIVATE_ADDRESS = "ERR_PRIVATE_ADDRESS";

const RANGES_V4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8",
  "100.64.0.0/10", // a provider's NAT
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local; the metadata service of many clouds
  "172.16.0.0/12",
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation, as the two below
  "192.168.0.0/16",
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
];

const RANGES_V6 = [
  "::/127", // unspecified, loopback
  "64:ff9b:1::/48", // translation within a site
  "100::/64", // discard
  "2001:db8::/32", // documentation
  "fc00::/7", // private
  "fe80::/10", // link-local
  "fec0::/10", // site-local
  "ff00::/8", // multicast
];

const privateAddresses = new BlockList();
for (const range of RANGES_V6) add(range, "ipv6");
for (const range of RANGES_V4) {
  add(range, "ipv4");
  // The same behind a NAT64 (RFC 6052), whose last 32 bits they are.
  const [network = "", prefix = ""] = range.split("/");
  add(`64:ff9b::${network}/${96 + Number(prefix)}`, "ipv6");
}

/** Whether `address`, an IP address, is none of the public internet's. */
export function isPrivateAddress(address: string): boolean {
  const [bare = ""] = address.split("%"); // a link-local one may name its interface
  switch (isIP(bare)) {
    case 4:
      return privateAddresses.check(bare, "ipv4");
    case 6: // one that is mapped (::ffff:10.0.0.1) is checked as the IPv4 address it is
      return privateAddresses.check(bare, "ipv6");
    default:
      return false;
  }
}

/** Throws for a URL that names such an address itself; a unix socket is at none that is public either. */
export function denyPrivateHost(url: string): void {
  const { hostname, protocol } = new URL(url);
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (protocol === "ws+unix:" || isPrivateAddress(host)) throw atPrivateAddress(hostname);
}

/** `host` names such an address, or resolves to one. */
export function atPrivateAddress(host: string): NodeJS.ErrnoException {
  const error = new Error(`"${host}" is at a private address`);
  return Object.assign(error, { code: PRIVATE_ADDRESS, syscall: "lookup" });
}

function add(range: string, family: "ipv4" | "ipv6"): void {
  const [network = "", prefix = ""] = range.split("/");
  privateAddresses.addSubnet(network, Number(prefix), family);
}
