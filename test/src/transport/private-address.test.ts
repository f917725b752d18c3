import { describe, expect, it } from "vitest";
import { denyPrivateHost, isPrivateAddress } from "../../../src/transport/private-address.ts";

describe("a private address", () => {
  it.each([
    ["0.0.0.0", "0.255.255.255"],
    ["10.0.0.0", "10.255.255.255"],
    ["100.64.0.0", "100.127.255.255"],
    ["127.0.0.1", "127.255.255.255"],
    ["169.254.0.0", "169.254.169.254"],
    ["172.16.0.0", "172.31.255.255"],
    ["192.0.0.0", "192.0.2.255"],
    ["192.168.0.0", "192.168.255.255"],
    ["198.18.0.0", "198.19.255.255"],
    ["198.51.100.0", "198.51.100.255"],
    ["203.0.113.0", "203.0.113.255"],
    ["224.0.0.0", "255.255.255.255"],
    ["::", "::1"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["64:ff9b::127.0.0.1", "64:ff9b::a00:1"],
    ["64:ff9b:1::", "64:ff9b:1:ffff::"],
    ["100::", "100::ffff"],
    ["2001:db8::1", "2001:db8:ffff::"],
    ["fc00::", "fdff::1"],
    ["fe80::1", "febf::1%eth0"],
    ["fec0::1", "feff::1"],
    ["ff02::1", "ffff::1"],
  ])("is anything like %s and %s", (one, other) => {
    expect([isPrivateAddress(one), isPrivateAddress(other)]).toEqual([true, true]);
  });

  it.each([
    ["1.0.0.1", "9.255.255.255"],
    ["11.0.0.0", "100.63.255.255"],
    ["100.128.0.0", "126.255.255.255"],
    ["128.0.0.0", "169.253.255.255"],
    ["172.15.255.255", "172.32.0.0"],
    ["192.167.255.255", "192.169.0.0"],
    ["198.17.255.255", "198.20.0.0"],
    ["223.255.255.255", "8.8.8.8"],
    ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
    ["2001:4860:4860::8888", "2606:4700::1111"],
    ["fbff::1", "2001:db7::1"],
    ["no address", ""],
  ])("is nothing like %s and %s", (one, other) => {
    expect([isPrivateAddress(one), isPrivateAddress(other)]).toEqual([false, false]);
  });
});

describe("a URL", () => {
  it.each([
    "ws://127.0.0.1:9443/ws",
    "ws://127.1/",
    "wss://0x7f000001/",
    "http://2130706433/",
    "wss://[::1]:9443/",
    "wss://[::ffff:10.0.0.1]/",
    "ws+unix:/run/feed.sock:/",
  ])("may not be %s where private addresses are denied", (url) => {
    expect(() => denyPrivateHost(url)).toThrow(
      expect.objectContaining({ code: "ERR_PRIVATE_ADDRESS" }),
    );
  });

  it.each(["wss://8.8.8.8/", "wss://[2606:4700::1111]/", "wss://localhost/", "wss://feed.test/"])(
    "may be %s: a name is judged by what it resolves to",
    (url) => {
      expect(() => denyPrivateHost(url)).not.toThrow();
    },
  );
});
