/**
 * A client that speaks sd/2 frames. It brings its id and numbers its messages,
 * so answers leave as they come, many messages to one frame.
 *
 * @module
 */

import { Pulse } from "../../liveness/pulse.ts";
import {
  ADDRESS_BYTES_MAX,
  NODE_ID_BYTES,
  READS_MAX,
  REPLICAS_MAX,
} from "../../base/limits.ts";
import type { Link, Session } from "../../base/ports.ts";
import { bytesOf } from "../../base/ascii.ts";
import {
  newReadMessages,
  newReceiptFields,
  readMessages,
  writeReceipt,
  writeRefusal,
} from "../../wire/client_frames.ts";
import { WireError, type WireErrorKind } from "../../wire/errors.ts";
import {
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
  writeError,
  writeMissing,
} from "../../wire/frame.ts";
import { Encoding } from "../../wire/greeting.ts";
import { isLeap, leapReason } from "../../wire/leap.ts";
import {
  newReadFields,
  type PieceFields,
  readRead,
  readTarget,
  writeNodes,
  writePiece,
  writeUnread,
} from "../../wire/read_frames.ts";
import {
  type Batch,
  newOrigin,
  newPast,
  type Sender,
} from "../delivery/batch.ts";
import type { HeadContext } from "../context.ts";
import { Gate } from "./gate.ts";
import type { PieceSink } from "../members/member.ts";

// Filled anew for each frame; one is enough, since frames are read in turn.
const frame = newFrameBounds();
const messages = newReadMessages();
const receipt = newReceiptFields();
const holders = new Uint8Array(
  REPLICAS_MAX * (NODE_ID_BYTES + 1 + ADDRESS_BYTES_MAX),
);

const read = newReadFields();

/**
 * Pause between two beats to a client, in ms. A client hears of a silent head
 * by its own beats; these are to notice a client whose host has vanished.
 */
const BEAT_INTERVAL_MS = 30_000;

/** Silence after which a client's host has vanished, in ms. */
const VANISHED_MS = 60_000;

/** The head's end of a connection to a client, or a reader, of our own. */
export class FrameClientSession implements Session, Sender, PieceSink {
  readonly clientId: Uint8Array;
  readonly past = newPast();
  readonly label: string;
  readonly #context: HeadContext;
  readonly #link: Link;
  readonly #gate: Gate;
  readonly #pulse: Pulse;
  readonly #origin = newOrigin(this);
  /** Requests to read that are not answered. */
  #reads = 0;
  #ended = false;
  #closed = false;

  constructor(context: HeadContext, link: Link, clientId: string) {
    this.#context = context;
    this.#link = link;
    this.#gate = new Gate(this, link, context);
    this.#pulse = new Pulse(link, {
      intervalMs: BEAT_INTERVAL_MS,
      patienceMsMin: VANISHED_MS,
    });
    this.clientId = bytesOf(clientId);
    this.label = `${link.peerAddress}:${link.peerPort}`;
    context.events.clientJoined(this.label, Encoding.frame);
  }

  received(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (!this.#closed) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) break;
      if (status === FrameStatus.malformed) {
        this.#refuseConnection("frame header");
        return length;
      }
      const isShut = frame.type === FrameType.messages
        ? this.#gate.isShut()
        : this.#gate.isClogged();
      if (isShut) break;
      if (!this.#take(bytes)) return length;
      at = frame.end;
    }
    return at;
  }

  ended(): void {
    this.#ended = true;
    this.#endWhenAnswered();
  }

  drained(): void {
    this.#gate.reopen();
  }

  tick(nowMs: number): void {
    const pulse = this.#pulse;
    const isBusy = this.#gate.isPaused;
    pulse.tick(nowMs, isBusy);
    // While it is not read from, what it says is not heard.
    if (isBusy) pulse.answered(nowMs);
    if (pulse.silentMs(nowMs) < VANISHED_MS) return;
    this.closed(`no answer for ${VANISHED_MS / 1000} s`);
    this.#link.abort();
  }

  unblocked(): void {
    if (!this.#closed) this.#gate.reopen();
  }

  closed(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.events.clientLeft(this.label, reason);
  }

  stored(batch: Batch): void {
    if (this.#closed) return;
    let length = 0;
    for (const member of batch.storedBy) {
      holders.set(member.idBytes, length);
      length += NODE_ID_BYTES;
      const address = member.addressBytes;
      holders[length++] = address.length;
      holders.set(address, length);
      length += address.length;
    }
    receipt.firstSequence = batch.firstSequence;
    receipt.count = batch.count;
    receipt.tick = batch.tick;
    receipt.copies = batch.storedBy.length;
    writeReceipt(this.#link.out, receipt, holders, length);
    this.#answered(batch);
  }

  piece(
    ticket: number,
    fields: PieceFields,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    this.#reads--;
    if (this.#closed) return;
    writePiece(this.#link.out, { ...fields, ticket }, bytes, from, to);
    this.#link.send();
    this.#endWhenAnswered();
  }

  unread(ticket: number, kind: WireErrorKind, reason: string): void {
    this.#reads--;
    if (this.#closed) return;
    writeUnread(this.#link.out, ticket, kind, reason);
    this.#link.send();
    this.#endWhenAnswered();
  }

  refused(batch: Batch, kind: WireErrorKind, reason: string): void {
    if (this.#closed) return;
    const { firstSequence, count } = batch;
    writeRefusal(this.#link.out, firstSequence, count, kind, reason);
    this.#answered(batch);
  }

  /** Acts on one frame. @returns False when the connection is refused. */
  #take(bytes: Uint8Array): boolean {
    if (frame.type === FrameType.messages) {
      const from = frame.payload;
      const to = frame.end;
      if (!readMessages(bytes, frame, messages)) {
        this.#refuseConnection("messages frame");
        return false;
      }
      const known = this.#context.delivery.tick;
      if (isLeap(messages.after, known)) {
        const reason = leapReason(messages.after, known);
        this.#refuseConnection(`messages frame: ${reason}`);
        return false;
      }
      this.#gate.took(to - from, messages.count);
      const origin = this.#origin;
      origin.firstSequence = messages.firstSequence;
      origin.count = messages.count;
      origin.longest = messages.longest;
      origin.floor = messages.floor;
      origin.after = messages.after;
      origin.timeMs = this.#context.clock.wallMs();
      this.#context.delivery.admit(origin, bytes, from, to);
    } else if (frame.type === FrameType.list) {
      this.#list();
    } else if (frame.type === FrameType.read) {
      return this.#read(bytes);
    } else if (
      frame.type === FrameType.beat || frame.type === FrameType.beatEcho
    ) {
      const nowMs = this.#context.clock.nowMs();
      if (this.#pulse.take(bytes, frame, nowMs)) return true;
      this.#refuseConnection("beat frame");
      return false;
    }
    return true;
  }

  /** Tells which data nodes there are, and why messages may be missing. */
  #list(): void {
    const { roster, membership, clock } = this.#context;
    const { out } = this.#link;
    for (const doubt of roster.doubts()) writeMissing(out, doubt);
    const nodes = roster.list(membership.members);
    writeNodes(out, nodes, roster.fields(clock.nowMs()));
    this.#link.send();
  }

  /** Passes a request on. @returns False when the connection is refused. */
  #read(bytes: Uint8Array): boolean {
    const target = readTarget(bytes, frame);
    if (
      !readRead(bytes, frame, read) || target === undefined ||
      this.#reads >= READS_MAX
    ) {
      this.#refuseConnection("read frame");
      return false;
    }
    this.#reads++;
    const member = this.#context.membership.readable(target);
    if (member !== undefined) member.read(read, this);
    else {
      const reason = `dataNode ${target} is not here`;
      this.unread(read.ticket, WireError.absent, reason);
    }
    return true;
  }

  #answered(batch: Batch): void {
    this.#link.send();
    this.#gate.answered(batch);
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (!this.#ended || this.#reads > 0) return;
    if (this.#gate.unanswered === 0) this.#link.end();
  }

  #refuseConnection(what: string): void {
    writeError(this.#link.out, WireError.malformed, `malformed ${what}`);
    this.#link.end();
    this.closed(`malformed ${what}`);
  }
}
