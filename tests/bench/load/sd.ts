/** sd/2: frames to a head. */

import {
  FRAME_MESSAGES_MAX,
  FRAME_PAYLOAD_BYTES_MAX,
} from "../../../lib/base/limits.ts";
import { bytesOf, textOf } from "../../../lib/base/ascii.ts";
import type { ByteQueue } from "../../../lib/base/byte_queue.ts";
import {
  MESSAGE_HEADER_BYTES,
  newReceiptFields,
  readReceipt,
  writeMessage,
  writeMessages,
} from "../../../lib/wire/client_frames.ts";
import {
  FrameStatus,
  FrameType,
  newBeatFields,
  newFrameBounds,
  readBeat,
  readFrame,
  writeBeat,
} from "../../../lib/wire/frame.ts";
import { requestLine } from "../../../lib/wire/greeting.ts";
import { type BenchSession, readUntil, writeAll } from "./protocol.ts";

const frame = newFrameBounds();
const receipt = newReceiptFields();
const beat = newBeatFields();

/** See the module. */
export class SdSession implements BenchSession {
  answered = 0;
  readonly #id = `bench-${crypto.randomUUID()}`;
  /** As many messages as fit into a frame, in the form of its payload. */
  readonly #messages: Uint8Array;
  readonly #messageBytes: number;
  readonly #countMax: number;
  /** Ends of answered runs by their beginnings, past the floor. */
  readonly #ahead = new Map<number, number>();
  #next = 1;
  #floor = 1;
  #tick = 0;
  /** Stamps of beats that are to be echoed with the next messages. */
  #stamps: number[] = [];

  constructor(payload: Uint8Array) {
    this.#messageBytes = MESSAGE_HEADER_BYTES + payload.length;
    this.#countMax = Math.min(
      FRAME_MESSAGES_MAX,
      Math.floor(FRAME_PAYLOAD_BYTES_MAX / this.#messageBytes),
    );
    this.#messages = new Uint8Array(this.#countMax * this.#messageBytes);
    for (let at = 0; at < this.#messages.length;) {
      at = writeMessage(this.#messages, at, payload, 0, payload.length);
    }
  }

  async open(conn: Deno.TcpConn): Promise<void> {
    await writeAll(conn, bytesOf(requestLine()));
    await readUntil(conn, "\n");
    await writeAll(conn, bytesOf(`cliente id=${this.#id}\n`));
  }

  ask(out: ByteQueue, count: number): void {
    for (const stamp of this.#stamps) {
      writeBeat(out, FrameType.beatEcho, { stamp, isBusy: false });
    }
    this.#stamps = [];
    for (let left = count; left > 0;) {
      const many = Math.min(left, this.#countMax);
      const length = many * this.#messageBytes;
      const at = writeMessages(out, {
        firstSequence: this.#next,
        floor: this.#floor,
        after: this.#tick,
        count: many,
      }, length);
      out.bytes.set(
        many === this.#countMax
          ? this.#messages
          : this.#messages.subarray(0, length),
        at,
      );
      this.#next += many;
      left -= many;
    }
  }

  take(bytes: Uint8Array, length: number): number {
    for (let at = 0;; at = frame.end) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) return at;
      if (status === FrameStatus.malformed) throw new Error("malformed frame");
      if (frame.type === FrameType.receipt) {
        readReceipt(bytes, frame, receipt);
        this.#answer();
      } else if (frame.type === FrameType.beat) {
        readBeat(bytes, frame, beat);
        this.#stamps.push(beat.stamp);
      } else if (frame.type !== FrameType.beatEcho) {
        const reason = textOf(bytes, frame.payload, frame.end);
        throw new Error(`frame of type ${frame.type}: ${reason}`);
      }
    }
  }

  #answer(): void {
    const { firstSequence, count, tick } = receipt;
    this.answered += count;
    if (tick > this.#tick) this.#tick = tick;
    this.#ahead.set(firstSequence, firstSequence + count);
    for (;;) {
      const end = this.#ahead.get(this.#floor);
      if (end === undefined) return;
      this.#ahead.delete(this.#floor);
      this.#floor = end;
    }
  }
}
