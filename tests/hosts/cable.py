"""A cable between two Ethernet interfaces, which it makes: `cable.py NEAR FAR`.

A line on standard input is the delay from now on, in ms, each way. Frames stay
in order.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
FRAME_BYTES_MAX = 65536


def open_interface(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI)
    fcntl.ioctl(fd, TUNSETIFF, request)
    return fd


ends = [open_interface(name) for name in sys.argv[1:3]]
others = {ends[0]: ends[1], ends[1]: ends[0]}
# Frames under way, oldest first: when each arrives, where, and the frame.
under_way = collections.deque()
delay = 0.0
print("ready")

while True:
    wait = None
    if under_way:
        wait = max(0.0, under_way[0][0] - time.monotonic())
    ready, _, _ = select.select([*ends, sys.stdin], [], [], wait)
    now = time.monotonic()
    for end in ready:
        if end is sys.stdin:
            line = sys.stdin.readline()
            if line == "":
                sys.exit()
            delay = float(line) / 1000
            print(f"delay {line.strip()}")
            continue
        try:
            frame = os.read(end, FRAME_BYTES_MAX)
        except OSError:
            continue  # Not up yet.
        arrives = max(now + delay, under_way[-1][0] if under_way else 0.0)
        under_way.append((arrives, others[end], frame))
    while under_way and under_way[0][0] <= time.monotonic():
        _, end, frame = under_way.popleft()
        try:
            os.write(end, frame)
        except OSError:
            pass  # Not up yet, or full: a cable loses what it cannot carry.
