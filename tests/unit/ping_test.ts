import assert from "node:assert/strict";
import { readPing } from "../../lib/system/ping.ts";

// What the programs print, as seen of iputils 20221126 and BusyBox 1.36.
const ANSWERED = `PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.209 ms

--- 127.0.0.1 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.209/0.209/0.209/0.000 ms
`;
const SILENT = `PING 10.9.9.9 (10.9.9.9) 56(84) bytes of data.

--- 10.9.9.9 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time 0ms
`;

Deno.test("readPing: an answer, and its time", () => {
  assert.deepEqual(readPing(0, ANSWERED, "", 2000), {
    kind: "answered",
    roundTripMs: 0.209,
  });
  assert.deepEqual(readPing(0, "in a language without time", "", 2000), {
    kind: "answered",
    roundTripMs: undefined,
  });
});

Deno.test("readPing: no answer", () => {
  assert.deepEqual(readPing(1, SILENT, "", 2000), {
    kind: "silent",
    reason: "no answer to ping within 2000 ms",
  });
});

Deno.test("readPing: an unreachable network is a silent host", () => {
  const said = "ping: connect: Network is unreachable";
  assert.equal(readPing(2, "", said, 2000).kind, "silent");
});

Deno.test("readPing: a ping that may not open its socket tells of no host", () => {
  const said = "ping: socket: Operation not permitted";
  assert.deepEqual(readPing(2, "", said, 2000), {
    kind: "unable",
    reason: `'ping' failed (2): ${said}`,
  });
  const busyBox = "ping: permission denied (are you root?)";
  assert.equal(readPing(1, "", busyBox, 2000).kind, "unable");
});
