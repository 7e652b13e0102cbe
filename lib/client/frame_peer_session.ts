/**
 * How a client and a head talk in sd/2 frames.
 *
 * @module
 */

import { Conversation } from "../calling/conversation.ts";
import { HEAD_PULSE } from "../liveness/head_pulse.ts";
import { NODE_ID_BYTES, SEND_BYTES_HIGH } from "../base/limits.ts";
import type { Link } from "../base/ports.ts";
import { textOf } from "../base/ascii.ts";
import {
  newReceiptFields,
  newRefusalFields,
  readReceipt,
  readRefusal,
} from "../wire/client_frames.ts";
import { WireError, wireErrorOf } from "../wire/errors.ts";
import { type FrameBounds, FrameType } from "../wire/frame.ts";
import { Encoding } from "../wire/greeting.ts";
import { CLIENT_ROLE, storedAt } from "../wire/words.ts";
import type { ClientContext, PeerSession } from "./context.ts";
import type { Answer, Holder } from "./events.ts";

// Filled anew for each frame; one is enough, since frames are read in turn.
const receipt = newReceiptFields();
const refusal = newRefusalFields();

/** Time without an answer after which the head is asked whether it is there. */
const DOUBT_MS = 250;

/** A client's connection to a head that speaks sd/2 frames. */
export class FramePeerSession extends Conversation implements PeerSession {
  readonly #client: ClientContext;
  /** Since when an answer has been due; undefined while none is. */
  #waitingSinceMs: number | undefined;
  /** The last answer and the bytes it was read from: holders seldom change. */
  #answer: Answer = { holders: [], text: "" };
  #answerBytes = new Uint8Array(0);

  constructor(client: ClientContext, link: Link, address: string) {
    super(link, client.ports.clock, HEAD_PULSE);
    this.#client = client;
    this.introduce(CLIENT_ROLE, { id: client.options.clientId });
    link.send();
    client.ports.events.connected(address, "head", Encoding.frame);
  }

  override drained(): void {
    this.pump();
  }

  override tick(nowMs: number): void {
    if (this.#client.outbox.length === 0) this.#waitingSinceMs = undefined;
    else this.#waitingSinceMs ??= nowMs;
    if (nowMs - (this.#waitingSinceMs ?? nowMs) > DOUBT_MS) {
      this.pulse.probe(nowMs);
    }
    super.tick(nowMs);
  }

  pump(): void {
    const { outbox, after } = this.#client;
    const { out } = this.link;
    if (!outbox.hasUnsent || out.length >= SEND_BYTES_HIGH) return;
    while (outbox.hasUnsent && out.length < SEND_BYTES_HIGH) {
      outbox.writeFrame(out, after);
    }
    this.link.send();
  }

  protected override take(bytes: Uint8Array, frame: FrameBounds): boolean {
    const { payload, end } = frame;
    switch (frame.type) {
      case FrameType.receipt:
        if (!readReceipt(bytes, frame, receipt)) return false;
        this.#heard();
        this.#client.after = Math.max(this.#client.after, receipt.tick);
        this.#client.answered(
          receipt.firstSequence,
          receipt.count,
          this.#answerOf(bytes, payload, end),
        );
        return true;
      case FrameType.refusal:
        if (!readRefusal(bytes, frame, refusal)) return false;
        this.#heard();
        this.#client.refused(
          refusal.firstSequence,
          refusal.count,
          wireErrorOf(refusal.code) ?? WireError.notStored,
          textOf(bytes, payload, end),
        );
        return true;
      default:
        return super.take(bytes, frame);
    }
  }

  /** Messages were answered, or refused. */
  #heard(): void {
    this.#waitingSinceMs = undefined;
    this.pulse.answered(this.clock.nowMs());
  }

  #answerOf(bytes: Uint8Array, from: number, to: number): Answer {
    const known = this.#answerBytes;
    let same = known.length === to - from;
    for (let i = 0; same && i < known.length; i++) {
      same = known[i] === bytes[from + i];
    }
    if (same) return this.#answer;
    const holders: Holder[] = [];
    for (let at = from; at + NODE_ID_BYTES < to;) {
      const addressAt = at + NODE_ID_BYTES + 1;
      const addressEnd = addressAt + bytes[addressAt - 1]!;
      holders.push({
        nodeId: textOf(bytes, at, at + NODE_ID_BYTES),
        address: textOf(bytes, addressAt, addressEnd),
      });
      at = addressEnd;
    }
    const text = storedAt(holders.map((holder) => holder.address));
    this.#answerBytes = bytes.slice(from, to);
    this.#answer = { holders, text };
    return this.#answer;
  }
}
