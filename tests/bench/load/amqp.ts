/**
 * RabbitMQ: persistent messages to a durable queue, with publisher confirms
 * (AMQP 0-9-1, and rabbitmq.com/docs/confirms).
 */

import { bytesOf, textOf } from "../../../lib/base/ascii.ts";
import type { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { joined } from "../../support/records.ts";
import { type BenchSession, writeAll } from "./protocol.ts";

/** Types of frames. */
const Frame = { method: 1, header: 2, body: 3 } as const;
const FRAME_END = 0xce;

/** Type, channel and size stand before a payload; one byte behind it. */
const FRAME_HEADER_BYTES = 7;

/** Methods, as `class << 16 | method`. */
const Method = {
  start: 10 << 16 | 10,
  startOk: 10 << 16 | 11,
  tune: 10 << 16 | 30,
  tuneOk: 10 << 16 | 31,
  open: 10 << 16 | 40,
  openOk: 10 << 16 | 41,
  close: 10 << 16 | 50,
  channelOpen: 20 << 16 | 10,
  channelOpenOk: 20 << 16 | 11,
  channelClose: 20 << 16 | 40,
  declare: 50 << 16 | 10,
  declareOk: 50 << 16 | 11,
  publish: 60 << 16 | 40,
  ack: 60 << 16 | 80,
  select: 85 << 16 | 10,
  selectOk: 85 << 16 | 11,
} as const;

const QUEUE = "bench";
const BASIC_CLASS = 60;
const HAS_DELIVERY_MODE = 0x1000;
const PERSISTENT = 2;
const DURABLE = 2;

/** See the module. */
export class AmqpSession implements BenchSession {
  answered = 0;
  readonly #request: Uint8Array;
  readonly #queueType: string;
  /** Every tag up to this one is confirmed. */
  #floor = 0;
  /** Confirmed tags past it. */
  readonly #ahead = new Set<number>();

  /** @param queueType `quorum` syncs before it confirms. */
  constructor(payload: Uint8Array, queueType: "quorum" | "classic") {
    this.#queueType = queueType;
    this.#request = joined([
      method(1, Method.publish, u16(0), short(""), short(QUEUE), u8(0)),
      frame(
        Frame.header,
        1,
        u16(BASIC_CLASS),
        u16(0),
        u32(0),
        u32(payload.length),
        u16(HAS_DELIVERY_MODE),
        u8(PERSISTENT),
      ),
      frame(Frame.body, 1, payload),
    ]);
  }

  async open(conn: Deno.TcpConn): Promise<void> {
    const ask = async (bytes: Uint8Array, answer: number) => {
      await writeAll(conn, bytes);
      await readMethod(conn, answer);
    };
    await ask(bytesOf("AMQP\0\0\x09\x01"), Method.start);
    await ask(
      method(
        0,
        Method.startOk,
        u32(0),
        short("PLAIN"),
        long(bytesOf("\0guest\0guest")),
        short("en_US"),
      ),
      Method.tune,
    );
    // One channel, frames of 128 KiB, no heartbeats.
    await writeAll(
      conn,
      method(0, Method.tuneOk, u16(1), u32(128 * 1024), u16(0)),
    );
    await ask(
      method(0, Method.open, short("/"), short(""), u8(0)),
      Method.openOk,
    );
    await ask(method(1, Method.channelOpen, short("")), Method.channelOpenOk);
    await ask(method(1, Method.select, u8(0)), Method.selectOk);
    const type = joined([
      short("x-queue-type"),
      bytesOf("S"),
      long(bytesOf(this.#queueType)),
    ]);
    await ask(
      method(1, Method.declare, u16(0), short(QUEUE), u8(DURABLE), long(type)),
      Method.declareOk,
    );
  }

  ask(out: ByteQueue, count: number): void {
    for (let i = 0; i < count; i++) out.append(this.#request);
  }

  take(bytes: Uint8Array, length: number): number {
    let at = 0;
    for (;;) {
      const end = frameEnd(bytes, at, length);
      if (end < 0) return at;
      if (bytes[at] === Frame.method) this.#hear(bytes, at);
      at = end;
    }
  }

  #hear(bytes: Uint8Array, at: number): void {
    const said = methodAt(bytes, at);
    if (said !== Method.ack) throw new Error(reasonAt(bytes, at, said));
    const tagAt = at + FRAME_HEADER_BYTES + 4;
    const view = new DataView(bytes.buffer, bytes.byteOffset + tagAt, 9);
    const tag = Number(view.getBigUint64(0));
    const areAllUpTo = (view.getUint8(8) & 1) === 1;
    if (areAllUpTo) {
      while (this.#floor < tag) {
        this.#confirm(this.#floor + 1);
      }
    } else this.#confirm(tag);
  }

  #confirm(tag: number): void {
    if (tag <= this.#floor) return;
    if (tag > this.#floor + 1) {
      if (this.#ahead.has(tag)) return;
      this.#ahead.add(tag);
    } else {
      this.#floor = tag;
      while (this.#ahead.delete(this.#floor + 1)) this.#floor++;
    }
    this.answered = this.#floor + this.#ahead.size;
  }
}

/** Reads one frame, which should be that method. */
async function readMethod(conn: Deno.TcpConn, expected: number) {
  const buffer = new Uint8Array(64 * 1024);
  let length = 0;
  while (frameEnd(buffer, 0, length) < 0) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null) throw new Error("RabbitMQ closed the connection");
    length += count;
  }
  const said = methodAt(buffer, 0);
  if (said !== expected) throw new Error(reasonAt(buffer, 0, said));
}

/** Where the frame at `at` ends; -1 while it is not whole. */
function frameEnd(bytes: Uint8Array, at: number, length: number): number {
  if (length - at < FRAME_HEADER_BYTES) return -1;
  const end = at + FRAME_HEADER_BYTES + u32At(bytes, at + 3) + 1;
  return end <= length ? end : -1;
}

function methodAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + FRAME_HEADER_BYTES);
}

function u32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}

/** Why RabbitMQ closes, if that is what it says. */
function reasonAt(bytes: Uint8Array, at: number, said: number): string {
  const name = `method ${said >> 16}.${said & 0xffff}`;
  if (said !== Method.close && said !== Method.channelClose) return name;
  const textAt = at + FRAME_HEADER_BYTES + 7;
  const reason = textOf(bytes, textAt, textAt + bytes[textAt - 1]!);
  return `${name}: ${reason}`;
}

function method(channel: number, id: number, ...fields: Uint8Array[]) {
  return frame(Frame.method, channel, u32(id), ...fields);
}

function frame(type: number, channel: number, ...parts: Uint8Array[]) {
  const payload = joined(parts);
  return joined([
    u8(type),
    u16(channel),
    u32(payload.length),
    payload,
    u8(FRAME_END),
  ]);
}

function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

function u32(value: number): Uint8Array {
  return joined([u16(value >>> 16), u16(value)]);
}

/** A short string. */
function short(text: string): Uint8Array {
  const bytes = bytesOf(text);
  return joined([u8(bytes.length), bytes]);
}

/** A long string, or a table. */
function long(bytes: Uint8Array): Uint8Array {
  return joined([u32(bytes.length), bytes]);
}
