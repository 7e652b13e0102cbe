/**
 * A data node that speaks sd/2 frames: many batches in flight, answered by
 * ticket.
 *
 * @module
 */

import { Pulse } from "../../liveness/pulse.ts";
import {
  FRAME_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  NODE_ID_BYTES,
  REPLICAS_MAX,
  RESTORE_FRAME_BYTES_MAX,
  SEND_BYTES_HIGH,
  STORE_TIMEOUT_MS,
} from "../../base/limits.ts";
import { Pending } from "../../base/pending.ts";
import type { Link, Session } from "../../base/ports.ts";
import { textOf } from "../../base/ascii.ts";
import { WireError, wireErrorOf } from "../../wire/errors.ts";
import {
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
  writeError,
  writeHealed,
} from "../../wire/frame.ts";
import { Encoding, type Properties } from "../../wire/greeting.ts";
import { isLeap, leapReason } from "../../wire/leap.ts";
import {
  type KnownNode,
  readRoster,
  writeRoster,
} from "../../wire/known_nodes.ts";
import {
  newPieceFields,
  newUnreadFields,
  type ReadFields,
  readPiece,
  readUnread,
  writeRead,
} from "../../wire/read_frames.ts";
import {
  newRecalledFields,
  newRecallFields,
  readRecalled,
  RECALLS,
  RECALLS_PROPERTY,
  writeRecall,
} from "../../wire/recall_frames.ts";
import {
  newRestoredFields,
  readRestored,
  RESTORE_PROPERTY,
  RESTORED_OK,
  writeRestore,
} from "../../wire/restore_frames.ts";
import {
  newNotStoredFields,
  newStoredFields,
  newStoreFields,
  readNotStored,
  readStored,
  writeStore,
} from "../../wire/store_frames.ts";
import type { Batch } from "../delivery/batch.ts";
import type { HeadContext } from "../context.ts";
import {
  Member,
  type MemberWire,
  type PieceSink,
  type Recalled,
} from "../members/member.ts";

// Filled anew for each frame; one is enough, since frames are read in turn.
const frame = newFrameBounds();
const stored = newStoredFields();
const notStored = newNotStoredFields();
const store = newStoreFields();
const recall = newRecallFields();
const recalled = newRecalledFields();

const piece = newPieceFields();
const restored = newRestoredFields();
const unread = newUnreadFields();

/**
 * From one beat to the next at most, in ms, however rarely hosts are pinged: a
 * data node with nothing to do is suspect as soon as one at work.
 */
const BEAT_INTERVAL_MS_MAX = 500;

/** Silence of a data node that is never too long, in ms. */
const PATIENCE_MS = 1_000;

/** Beats without an answer that are never too many, where beats are short. */
const PATIENCE_BEATS = 3;

/** Time for one that is in doubt to answer at all, in ms. */
const DOUBT_MS_MAX = 10_000;

/** The logical time that a data node says in its handshake. */
export function timeIn({ tick = "0" }: Properties): number {
  return /^\d+$/.test(tick) ? Number(tick) : 0;
}

/** The head's end of a connection to a data node of our own. */
export class FrameMemberSession implements Session, MemberWire {
  readonly #context: HeadContext;
  readonly #link: Link;
  readonly #member: Member;
  /** Whether it is taken in, and not only in doubt. */
  #isTakenIn = false;
  /** Who waits for which piece, each with a ticket of its own. */
  readonly #reading = new Pending<
    { readonly ticket: number; readonly sink: PieceSink }
  >();
  /** Who waits for what is restored. */
  readonly #restoring = new Pending<(failure: string | undefined) => void>();
  /** Who waits for what it knows of a client. */
  readonly #recalling = new Pending<(answer: Recalled | undefined) => void>();
  /** Why it is about to close the connection, if it said so. */
  #farewell: string | undefined;
  /** What is wrong with the frame that was just read, if something is. */
  #wrong = "it sent a malformed frame";
  readonly longestMax = MESSAGE_BYTES_MAX;
  readonly restoreBytesMax: number;
  readonly answerTimeoutMs = STORE_TIMEOUT_MS;
  readonly pulse: Pulse;
  readonly recall: MemberWire["recall"];

  /**
   * @param properties Of its handshake: `id`, `life` (of this start of its
   * process), `tick` if it stored before, which is no leap, and `recalls`.
   */
  constructor(context: HeadContext, link: Link, properties: Properties) {
    this.#context = context;
    this.#link = link;
    const { id = "", life = "" } = properties;
    const restoreBytesMax = properties[RESTORE_PROPERTY] ?? "";
    this.restoreBytesMax = /^\d{1,9}$/.test(restoreBytesMax)
      ? Math.min(Number(restoreBytesMax), RESTORE_FRAME_BYTES_MAX)
      : FRAME_BYTES_MAX;
    context.delivery.witness(timeIn(properties));
    if (properties[RECALLS_PROPERTY] === RECALLS) {
      this.recall = (clientId, firstSequence, count, done) => {
        recall.ticket = this.#recalling.add(done);
        recall.firstSequence = firstSequence;
        recall.count = count;
        writeRecall(this.#link.out, recall, clientId);
        this.#link.send();
      };
    }
    const { heartbeatIntervalMs } = context;
    this.pulse = new Pulse(link, {
      intervalMs: Math.min(BEAT_INTERVAL_MS_MAX, heartbeatIntervalMs),
      patienceMsMin: Math.min(
        PATIENCE_MS,
        PATIENCE_BEATS * heartbeatIntervalMs,
      ),
    });
    this.#member = new Member(
      id,
      link,
      this,
      context.memberWindowBytes,
      life,
      numberOf(properties["end"]),
      numberOf(properties["lanes"]),
      numberOf(properties["unsure"]),
    );
    // Tells it that it is served, and begins to learn what is usual.
    this.pulse.beat(context.clock.nowMs(), false);
    this.tell(context.roster.nodes);
    // What waited at a cut may be the handshake of a former life, which had
    // less than is known by now; a connection of that life answers nothing.
    if (context.roster.lostBy(this.#member) <= 0) this.#takeIn();
  }

  /** Moves deadlines: of a member, others do. */
  tick(nowMs: number): void {
    if (this.#isTakenIn || this.#member.left) return;
    if (this.pulse.silentMs(nowMs) <= DOUBT_MS_MAX) return;
    this.#drop(`it has not answered for ${DOUBT_MS_MAX / 1000} s`);
  }

  tell(nodes: readonly KnownNode[]): void {
    if (nodes.length === 0) return;
    writeRoster(this.#link.out, nodes);
    this.#link.send();
  }

  heal(damages: number): void {
    writeHealed(this.#link.out, damages);
    this.#link.send();
  }

  received(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (!this.#member.left) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) return at;
      if (status === FrameStatus.malformed || !this.#take(bytes)) {
        this.#drop(this.#wrong);
        break;
      }
      at = frame.end;
    }
    return length;
  }

  /** @param sink Is answered once, also when the member goes away. */
  read(request: ReadFields, sink: PieceSink): void {
    const ticket = this.#reading.add({ ticket: request.ticket, sink });
    const tick = this.#context.delivery.tick;
    writeRead(this.#link.out, { ...request, ticket, tick });
    this.#link.send();
  }

  restore(
    lines: Uint8Array,
    done: (failure: string | undefined) => void,
  ): void {
    const { length } = lines;
    const ticket = this.#restoring.add((failure) => {
      if (failure === undefined) this.#member.end += length;
      done(failure);
    });
    writeRestore(this.#link.out, ticket, lines);
    this.#link.send();
  }

  ended(): void {
    this.#leave(this.#farewell ?? "it closed the connection");
    this.#link.end();
  }

  drained(): void {
    this.#member.pump(this.#context.clock.nowMs());
  }

  closed(reason: string): void {
    const { id } = this.#member;
    for (const { ticket, sink } of this.#reading.takeAll()) {
      sink.unread(ticket, WireError.absent, `dataNode ${id} left`);
    }
    for (const done of this.#restoring.takeAll()) done(`dataNode ${id} left`);
    for (const done of this.#recalling.takeAll()) done(undefined);
    this.#leave(this.#farewell ?? reason);
  }

  hasRoom(): boolean {
    return this.#link.out.length < SEND_BYTES_HIGH;
  }

  write(batch: Batch, ticket: number): void {
    const { clientId } = batch.sender;
    store.ticket = ticket;
    store.firstSequence = batch.firstSequence;
    store.floor = batch.floor;
    store.tick = Math.max(this.#context.delivery.tick, batch.after);
    store.timeMs = batch.timeMs;
    store.count = batch.count;
    store.clientIdLength = clientId.length;
    // Late suspects can make them more than are named.
    const holders = Math.min(batch.holders.length, REPLICAS_MAX);
    store.holders = holders;
    store.isVerified = batch.isVerified;
    const { out } = this.#link;
    let at = writeStore(
      out,
      store,
      clientId.length + holders * NODE_ID_BYTES + batch.length,
    );
    const bytes = out.bytes;
    bytes.set(clientId, at);
    at += clientId.length;
    for (let i = 0; i < holders; i++) {
      bytes.set(batch.holders[i]!.idBytes, at);
      at += NODE_ID_BYTES;
    }
    bytes.set(batch.bytes.subarray(0, batch.length), at);
    this.#link.send();
  }

  /** Acts on one frame. @returns False when it breaks the protocol. */
  #take(bytes: Uint8Array): boolean {
    switch (frame.type) {
      case FrameType.stored:
        return readStored(bytes, frame, stored) && this.#takeStored();
      case FrameType.notStored:
        return readNotStored(bytes, frame, notStored) &&
          this.#takeNotStored(textOf(bytes, frame.payload, frame.end));
      case FrameType.draining:
        this.#member.draining = true;
        this.#context.events.memberDraining(this.#member);
        return true;
      case FrameType.piece:
        return readPiece(bytes, frame, piece) && this.#takePiece(bytes);
      case FrameType.unread:
        return readUnread(bytes, frame, unread) &&
          this.#takeUnread(textOf(bytes, frame.payload, frame.end));
      case FrameType.restored:
        return readRestored(bytes, frame, restored) &&
          this.#takeRestored(textOf(bytes, frame.payload, frame.end));
      case FrameType.recalled:
        return readRecalled(bytes, frame, recalled) &&
          this.#takeRecalled(bytes);
      case FrameType.damaged:
        this.#member.damages++;
        if (this.#isTakenIn) this.#damaged();
        return true;
      case FrameType.roster: {
        const nodes = readRoster(bytes, frame);
        if (nodes === undefined) return false;
        this.#context.roster.merge(nodes, this.#member);
        return true;
      }
      case FrameType.unwell:
        this.#takeUnwell(textOf(bytes, frame.payload, frame.end));
        return true;
      case FrameType.error:
        this.#farewell = textOf(bytes, frame.payload, frame.end);
        return true;
      case FrameType.beat:
      case FrameType.beatEcho:
        if (!this.pulse.take(bytes, frame, this.#context.clock.nowMs())) {
          return false;
        }
        if (!this.#isTakenIn && this.pulse.isHeard) this.#takeInLate();
        return true;
      default:
        return true;
    }
  }

  #takeIn(): void {
    this.#isTakenIn = true;
    this.#context.membership.join(this.#member, Encoding.frame);
  }

  /** It was in doubt, and is there. */
  #takeInLate(): void {
    const { membership, roster } = this.#context;
    const { id, number } = this.#member;
    if ((membership.readable(id)?.number ?? 0) > number) {
      this.#drop("it connected again");
      return;
    }
    this.#takeIn();
    // Members have heard meanwhile what it has not.
    this.tell(roster.nodes);
    if (this.#member.damages > 0) this.#damaged();
  }

  /** Records of it are damaged, as it says. */
  #damaged(): void {
    const { delivery, events, repairer, roster } = this.#context;
    events.memberDamaged(this.#member);
    roster.damaged(this.#member);
    delivery.lost(this.#member.id);
    repairer.ask();
  }

  /** It says why it cannot store, or that it can again. */
  #takeUnwell(reason: string): void {
    const member = this.#member;
    const isNew = reason !== "" && member.unwell !== reason;
    member.unwell = reason === "" ? undefined : reason;
    if (isNew) this.#context.events.memberUnwell(member, reason);
  }

  /** Whether it says a time that cannot be; then it is put out. */
  #leaps(tick: number): boolean {
    const known = this.#context.delivery.tick;
    if (!isLeap(tick, known)) return false;
    this.#wrong = leapReason(tick, known);
    return true;
  }

  #takeRecalled(bytes: Uint8Array): boolean {
    const { ticket, floor, end } = recalled;
    const done = this.#recalling.take(ticket);
    if (done === undefined) return false;
    this.pulse.answered(this.#context.clock.nowMs());
    done({ floor, end, bytes, from: frame.payload, to: frame.end });
    return true;
  }

  #takePiece(bytes: Uint8Array): boolean {
    if (this.#leaps(piece.tick)) return false;
    const reading = this.#reading.take(piece.ticket);
    if (reading === undefined) return false;
    this.#context.delivery.witness(piece.tick);
    this.pulse.answered(this.#context.clock.nowMs());
    const { payload, end } = frame;
    reading.sink.piece(reading.ticket, piece, bytes, payload, end);
    return true;
  }

  #takeUnread(reason: string): boolean {
    const reading = this.#reading.take(unread.ticket);
    if (reading === undefined) return false;
    const kind = wireErrorOf(unread.code) ?? WireError.unread;
    reading.sink.unread(reading.ticket, kind, reason);
    return true;
  }

  #takeRestored(reason: string): boolean {
    const done = this.#restoring.take(restored.ticket);
    if (done === undefined) return false;
    this.pulse.answered(this.#context.clock.nowMs());
    done(restored.code === RESTORED_OK ? undefined : reason);
    return true;
  }

  #takeStored(): boolean {
    const member = this.#member;
    const count = stored.ticket - member.firstTicket + 1;
    if (!(count >= 0 && count <= member.sent)) return false;
    if (this.#leaps(stored.tick)) return false;
    member.answered(this.#context.clock.nowMs());
    if (member.saysEnd) member.end = stored.end;
    for (let i = 0; i < count; i++) {
      this.#context.delivery.stored(member, stored.tick);
    }
    this.#goOn();
    return true;
  }

  #takeNotStored(reason: string): boolean {
    const member = this.#member;
    const { firstTicket, lastTicket, code } = notStored;
    const count = lastTicket - firstTicket + 1;
    if (
      firstTicket !== member.firstTicket || !(count > 0 && count <= member.sent)
    ) return false;
    member.answered(this.#context.clock.nowMs());
    this.#context.delivery.refused(
      member,
      count,
      wireErrorOf(code) ?? WireError.notStored,
      reason,
    );
    this.#goOn();
    return true;
  }

  /** There is room on this member again. */
  #goOn(): void {
    this.#member.pump(this.#context.clock.nowMs());
    this.#context.delivery.retryWaiting();
  }

  #drop(reason: string): void {
    writeError(this.#link.out, WireError.malformed, reason);
    this.#link.end();
    this.#leave(reason);
  }

  /** It leaves; if it was never taken in, nobody misses it. */
  #leave(reason: string): void {
    if (this.#isTakenIn) this.#context.membership.leave(this.#member, reason);
    else this.#member.left = true;
  }
}

/** The whole number that a property says, if it does. */
function numberOf(said = ""): number | undefined {
  return /^\d{1,15}$/.test(said) ? Number(said) : undefined;
}
