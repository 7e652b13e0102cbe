/** Answers of peers, however the network cuts them. */

import assert from "node:assert/strict";
import { bytesOf } from "../../lib/base/ascii.ts";
import { joined } from "../support/records.ts";
import { AmqpSession } from "./load/amqp.ts";
import { newBeanstalkdSession } from "./load/beanstalkd.ts";
import { NatsSession } from "./load/nats.ts";
import type { BenchSession } from "./load/protocol.ts";
import { newRedisSession } from "./load/redis.ts";

const payload = bytesOf("hola");

/** A frame of AMQP with `basic.ack`. */
function ack(tag: number, areAllUpTo: boolean): Uint8Array {
  const frame = new Uint8Array(21);
  frame.set([1, 0, 1, 0, 0, 0, 13, 0, 60, 0, 80]);
  new DataView(frame.buffer).setBigUint64(11, BigInt(tag));
  frame[19] = areAllUpTo ? 1 : 0;
  frame[20] = 0xce;
  return frame;
}

/** Takes `bytes` as they would come in parts of `size`. */
function takeInParts(session: BenchSession, bytes: Uint8Array, size: number) {
  const buffer = new Uint8Array(bytes.length);
  let held = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part, held);
    held += part.length;
    const used = session.take(buffer, held);
    buffer.copyWithin(0, used, held);
    held -= used;
  }
  assert.equal(held, 0);
}

const peers: readonly [string, () => BenchSession, Uint8Array, number][] = [
  [
    "RabbitMQ",
    () => new AmqpSession(payload, "quorum"),
    // The second and third come first; the fourth is said twice.
    joined([
      ack(2, false),
      ack(3, false),
      ack(1, false),
      ack(4, false),
      ack(4, true),
      ack(9, true),
    ]),
    9,
  ],
  [
    "Redis",
    () => newRedisSession(payload, 0),
    bytesOf("$15\r\n1700000000000-0\r\n$15\r\n1700000000000-1\r\n"),
    2,
  ],
  [
    "beanstalkd",
    () => newBeanstalkdSession(payload, 0),
    bytesOf("INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n"),
    3,
  ],
  [
    "NATS",
    () => new NatsSession(payload, 0),
    bytesOf(
      'MSG inbox.0 1 27\r\n{"stream":"bench", "seq":1}\r\n' +
        'PING\r\nMSG inbox.0 1 27\r\n{"stream":"bench", "seq":2}\r\n',
    ),
    2,
  ],
];

for (const [name, newSession, answers, count] of peers) {
  Deno.test(`bench: answers of ${name} are counted, in parts of any size`, () => {
    for (let size = 1; size <= answers.length; size++) {
      const session = newSession();
      takeInParts(session, answers, size);
      assert.equal(session.answered, count, `in parts of ${size}`);
    }
  });
}

Deno.test("bench: an error of a peer is none of its answers", () => {
  const session = newRedisSession(payload, 0);
  const bytes = bytesOf("-ERR no\r\n");
  assert.throws(() => session.take(bytes, bytes.length), /-ERR no/);
});
