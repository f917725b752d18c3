#!/usr/bin/env python3
"""A link between two network namespaces that can be slow, lossy or dead.

    link.py NAMESPACE_A NAMESPACE_B

Every IP packet from one side passes through this process on its way to the other (a TUN pair), because
not every kernel has netem. A is 10.78.0.1, B is 10.78.0.2. Each line on stdin is a JSON object:

    {"towards": "a" | "b" | "both", "delay_ms": 0, "jitter_ms": 0, "loss": 0, "is_cut": false}
    {"flap": 10, "down_ms": 100, "up_ms": 200}

Answers with a line when it is so; ends with its stdin. Chance is seeded.
"""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x0001 | 0x1000
PACKET = 2048

# However bad the luck: TCP doubles its patience at each loss, and after seven in a row a link that only
# loses much cannot be told from a dead one.
MAX_LOST_IN_A_ROW = 4


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_NO_PI))
    return fd


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def join(namespace, name, address):
    fd = open_tun(name)
    ip("link", "set", name, "netns", namespace, "name", "link0")
    ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "link0")
    ip("-n", namespace, "link", "set", "lo", "up")
    ip("-n", namespace, "link", "set", "link0", "up")
    return fd


class Way:
    """What happens to the packets of one direction."""

    def __init__(self, to_fd):
        self.to_fd = to_fd
        self.delay_ms = self.jitter_ms = self.loss = 0
        self.is_cut = False
        self.lost_in_a_row = 0
        self.free_at = 0.0

    def configure(self, settings):
        for key in ("delay_ms", "jitter_ms", "loss", "is_cut"):
            if key in settings:
                setattr(self, key, settings[key])

    def due_at(self, chance):
        """When a packet arrives; None for one that is lost. A link keeps the order of its packets."""
        if self.is_cut:
            return None
        if self.lost_in_a_row < MAX_LOST_IN_A_ROW and chance.random() < self.loss:
            self.lost_in_a_row += 1
            return None
        self.lost_in_a_row = 0
        late_ms = max(0, self.delay_ms + chance.uniform(-1, 1) * self.jitter_ms)
        self.free_at = max(self.free_at, time.monotonic() + late_ms / 1000)
        return self.free_at


def main():
    a, b = (join(*end) for end in zip(sys.argv[1:3], (f"wsa{os.getpid()}", f"wsb{os.getpid()}"),
                                      ("10.78.0.1", "10.78.0.2")))
    towards = {"a": Way(a), "b": Way(b)}
    way_from = {a: towards["b"], b: towards["a"]}
    chance = random.Random(1)
    flying, order, commands, flaps = [], 0, b"", []

    def say(line):
        print(line, flush=True)

    def obey(command):
        if "flap" in command:
            at = time.monotonic()
            for _ in range(command["flap"]):
                flaps.append((at, True))
                at += command["down_ms"] / 1000
                flaps.append((at, False))
                at += command["up_ms"] / 1000
            return
        name = command.get("towards", "both")
        for way in towards.values() if name == "both" else [towards[name]]:
            way.configure(command)
        say("ok")

    say("ready")
    while True:
        soonest = min([flying[0][0]] if flying else [], default=None)
        if flaps:
            soonest = min(soonest or flaps[0][0], flaps[0][0])
        wait = None if soonest is None else max(0, soonest - time.monotonic())
        readable, _, _ = select.select([a, b, 0], [], [], wait)
        for fd in readable:
            if fd == 0:
                chunk = os.read(0, 65536)
                if not chunk:
                    return
                *lines, commands = (commands + chunk).split(b"\n")
                for line in lines:
                    obey(json.loads(line))
                continue
            try:
                packet = os.read(fd, PACKET)
            except BlockingIOError:
                continue
            way = way_from[fd]
            at = way.due_at(chance)
            if at is not None:
                order += 1
                heapq.heappush(flying, (at, order, way.to_fd, packet))
        now = time.monotonic()
        while flaps and flaps[0][0] <= now:
            _, is_cut = flaps.pop(0)
            for way in towards.values():
                way.is_cut = is_cut
            if not flaps:
                say("ok")
        while flying and flying[0][0] <= now:
            _, _, to_fd, packet = heapq.heappop(flying)
            try:
                os.write(to_fd, packet)
            except OSError:
                pass  # that side is down


main()
