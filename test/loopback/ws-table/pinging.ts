/** G: control frames. */
import { frame, OPCODE } from "../raw-peer.ts";
import { type Case, type End, lost, open, opens, staysOpen } from "./case.ts";

export const pings = (count: number, payload = "p"): Buffer[] =>
  Array.from({ length: count }, () => frame(OPCODE.ping, payload));

export const flooded: End = lost("abusive-peer", "open");

export const pinging: readonly Case[] = [
  {
    id: "G01",
    does: "a ping",
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(frame(OPCODE.ping, "abc"));
      await stage.client.until("pinged");
    },
    tells: [...open, "pinged"],
    end: staysOpen,
    memory: (peer) => {
      opens(peer);
      peer.receivesPing("abc");
    },
  },
  {
    id: "G02",
    does: "a pong that nobody asked for",
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(frame(OPCODE.pong, "zz"));
    },
    tells: open,
    end: staysOpen,
    memory: (peer) => {
      opens(peer);
      peer.receivesPong();
    },
  },
  flood("G03", "5,000 pings in one packet from a peer that reads", { count: 5_000, reads: true }),
  flood("G04", "20,000 large pings in one packet from a peer that does not read", {
    count: 20_000,
    reads: false,
  }),
  {
    ...flood("G05", "the same, with autoPong: false", { count: 20_000, reads: false }),
    refuses: { autoPong: false },
    note: "Pongs are the adapter's: a client without them is dropped by its peer.",
  },
];

function flood(id: string, does: string, how: { count: number; reads: boolean }): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      if (how.reads) peer.write(...pings(how.count));
      else {
        peer.socket.pause();
        peer.write(...pings(how.count, "A".repeat(125)));
      }
    },
    tells: [...open, "pinged ×60"],
    end: flooded,
    memory: (peer) => {
      opens(peer);
      for (let i = 0; i < 60; i += 1) peer.receivesPing();
      peer.ends({ class: "abusive-peer", phase: "open" });
    },
  };
}
