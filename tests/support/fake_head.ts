/**
 * A head in this process that speaks frames over a real socket: it answers
 * every message at once, and has data nodes that a test gives it.
 */

import { HEAD_PULSE } from "../../lib/liveness/head_pulse.ts";
import { Pulse } from "../../lib/liveness/pulse.ts";
import { listen } from "../../lib/system/listen.ts";
import { newTurn } from "../../lib/system/turn.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import {
  MESSAGE_HEADER_BYTES,
  newReadMessages,
  readMessages,
  writeReceipt,
  writeRefusal,
} from "../../lib/wire/client_frames.ts";
import { WireError } from "../../lib/wire/errors.ts";
import {
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
} from "../../lib/wire/frame.ts";
import { findLineEnd } from "../../lib/wire/line.ts";
import { readU32 } from "../../lib/base/little_endian.ts";
import {
  type ListedNode,
  newReadFields,
  NodeState,
  readRead,
  readTarget,
  writeNodes,
  writePiece,
} from "../../lib/wire/read_frames.ts";
import { HOLDER } from "./records.ts";

/** How a head behaves. */
export interface FakeHeadOptions {
  /** Whether it says nothing at all. */
  readonly isMute?: boolean;
  /** Why it can store nothing now. */
  readonly trouble?: string;
  /** Is told of every message. */
  readonly message?: (bytes: Uint8Array) => void;
}

/** What a data node has stored, by its id. */
export type Stored = ReadonlyMap<string, Uint8Array>;

/** See the module. */
export class FakeHead implements Disposable {
  readonly address: string;
  /** Connections of now, and bytes that came. */
  connections = 0;
  bytes = 0;
  readonly #close: () => void;
  readonly #links = new Set<Link>();

  constructor(
    stored: Stored = new Map(),
    options: FakeHeadOptions = {},
  ) {
    const { port, close } = listen(
      { hostname: "127.0.0.1", port: 0 },
      newTurn(),
      (link) => {
        this.connections++;
        this.#links.add(link);
        const session = new HeadSession(link, stored, options);
        return {
          received: (bytes, length) => {
            this.bytes += length;
            return session.received(bytes, length);
          },
          ended: () => link.end(),
          drained: () => {},
          closed: () => {
            this.connections--;
            this.#links.delete(link);
          },
        };
      },
    );
    this.address = `127.0.0.1:${port}`;
    this.#close = close;
  }

  [Symbol.dispose](): void {
    this.#close();
    for (const link of this.#links) link.abort();
  }
}

const frame = newFrameBounds();
const messages = newReadMessages();
const read = newReadFields();

class HeadSession implements Pick<Session, "received"> {
  readonly #link: Link;
  readonly #stored: Stored;
  readonly #options: FakeHeadOptions;
  readonly #pulse: Pulse;
  /** Lines of the handshake that came: the request, and the role. */
  #lines = 0;

  constructor(link: Link, stored: Stored, options: FakeHeadOptions) {
    this.#link = link;
    this.#stored = stored;
    this.#pulse = new Pulse(link, HEAD_PULSE);
    this.#options = options;
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#options.isMute === true) return length;
    let at = 0;
    while (this.#lines < 2) {
      const lf = findLineEnd(bytes, at, length);
      if (lf < 0) return at;
      at = lf + 1;
      if (++this.#lines === 1) {
        this.#link.out.append(bytesOf("confirmacion sd/2 role=head\n"));
        this.#link.send();
      }
    }
    while (readFrame(bytes, at, length, frame) === FrameStatus.whole) {
      this.#answer(bytes);
      at = frame.end;
    }
    this.#link.send();
    return at;
  }

  #answer(bytes: Uint8Array): void {
    const { out } = this.#link;
    switch (frame.type) {
      case FrameType.messages: {
        readMessages(bytes, frame, messages);
        const { firstSequence, count } = messages;
        for (let at = frame.payload; at < frame.end;) {
          const from = at + MESSAGE_HEADER_BYTES;
          at = from + readU32(bytes, at);
          this.#options.message?.(bytes.subarray(from, at));
        }
        const { trouble } = this.#options;
        if (trouble !== undefined) {
          writeRefusal(
            out,
            firstSequence,
            count,
            WireError.notStored,
            trouble,
          );
          break;
        }
        const fields = { firstSequence, count, tick: 1, copies: 0 };
        writeReceipt(out, fields, new Uint8Array(), 0);
        break;
      }
      case FrameType.beat:
        this.#pulse.take(bytes, frame, performance.now());
        break;
      case FrameType.list:
        writeNodes(
          out,
          [
            ...[...this.#stored.keys()].map((id): ListedNode => ({
              id,
              address: "192.0.2.1",
              state: NodeState.present,
            })),
            // Whom the records of these tests name, and nobody misses.
            { id: HOLDER, address: "192.0.2.2", state: NodeState.repaired },
          ],
          { settlesInMs: 0, forgotten: 0 },
        );
        break;
      case FrameType.read: {
        readRead(bytes, frame, read);
        const segments = this.#stored.get(readTarget(bytes, frame)!)!;
        const end = Math.min(segments.length, read.position + read.bytesMax);
        writePiece(
          out,
          { ...read, end: segments.length, tick: 1_000_000_000, lanes: 0 },
          segments,
          read.position,
          end,
        );
        break;
      }
    }
  }
}
