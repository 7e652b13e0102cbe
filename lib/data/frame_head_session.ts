/**
 * The conversation with heads that speak sd/2 frames.
 *
 * @module
 */

import { beatIntervalOf } from "../liveness/beat_interval.ts";
import { Pulse } from "../liveness/pulse.ts";
import { RESTORE_FRAME_BYTES_MAX, SEND_BYTES_HIGH } from "../base/limits.ts";
import type { Link } from "../base/ports.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { WireError, type WireErrorKind, wireErrorOf } from "../wire/errors.ts";
import {
  type FrameBounds,
  FrameStatus,
  FrameType,
  readErrorCode,
  readFrame,
  readHealed,
  writeDamaged,
  writeDraining,
  writeError,
  writeUnwell,
} from "../wire/frame.ts";
import { formatProperties, type Properties } from "../wire/greeting.ts";
import {
  type KnownNode,
  readRoster,
  writeRoster,
} from "../wire/known_nodes.ts";
import {
  type PieceFields,
  type ReadFields,
  readRead,
  writePiece,
  writeUnread,
} from "../wire/read_frames.ts";
import { isLeap, leapReason } from "../wire/leap.ts";
import {
  readRecall,
  type RecalledFields,
  type RecallFields,
  RECALLS,
  RECALLS_PROPERTY,
  writeRecalled,
} from "../wire/recall_frames.ts";
import {
  readRestore,
  RESTORE_PROPERTY,
  RESTORED_OK,
  writeRestored,
} from "../wire/restore_frames.ts";
import { type ReadStore, readStore } from "../wire/store_frames.ts";
import { otherLifeIn, withoutLife } from "../wire/twin.ts";
import { DATA_ROLE } from "../wire/words.ts";
import type { DataContext, HeadSession } from "./context.ts";
import { Gate } from "./gate.ts";
import type { Requester } from "./reads.ts";
import type { Restorer } from "./restores.ts";
import { Known } from "./seen.ts";
import { Tickets } from "./tickets.ts";

// Filled anew for each frame; one is enough, since frames are read in turn.
const frame: FrameBounds = { type: 0, fields: 0, payload: 0, end: 0 };
const store: ReadStore = {
  ticket: 0,
  firstSequence: 0,
  floor: 0,
  tick: 0,
  timeMs: 0,
  count: 0,
  clientIdLength: 0,
  holders: 0,
  isVerified: false,
  holdersAt: 0,
  messagesAt: 0,
};
const recall: RecallFields = { ticket: 0, firstSequence: 0, count: 0 };
const recalled: RecalledFields = { ticket: 0, floor: 0, end: 0 };

const read: ReadFields = {
  ticket: 0,
  position: 0,
  bytesMax: 0,
  tick: 0,
  lane: 0,
};
const piece: PieceFields = {
  ticket: 0,
  position: 0,
  end: 0,
  tick: 0,
  lanes: 0,
};

/**
 * Silence of a head that is never too long, in ms. There is nothing to gain by
 * leaving one early: a data node is joined to every head at once.
 */
const PATIENCE_MS = 10_000;

/** What a data core does for its sessions with heads. */
export interface FrameHeadHost {
  /** The head has taken this node in. */
  joined(): void;
  /** It does not: another has the id of this node. */
  twinMet(reason: string, otherLife: string | undefined): void;
  /** The connection is over. */
  left(session: HeadSession): void;
}

/** A data node's connection to a head that speaks sd/2 frames. */
export class FrameHeadSession implements HeadSession, Requester, Restorer {
  readonly #data: DataContext;
  readonly #link: Link;
  readonly #host: FrameHeadHost;
  readonly #gate: Gate;
  readonly #pulse: Pulse;
  /** Whether the head has said something, and so has taken this node in. */
  #isJoined = false;
  farewell: string | undefined;
  readonly #tickets: Tickets;
  #nextTicket = 1;
  #isClosed = false;
  /** `damaged` frames that were sent. */
  #damages = 0;
  /** What is wrong with the frame that was just read, if that is to be told. */
  #wrong = "malformed frame";

  /** @param granted What the head says of itself. */
  constructor(
    data: DataContext,
    link: Link,
    granted: Properties,
    host: FrameHeadHost,
  ) {
    this.#data = data;
    this.#link = link;
    this.#host = host;
    this.#gate = new Gate(data, link);
    this.#tickets = new Tickets(data.journal, link);
    this.#pulse = new Pulse(link, {
      intervalMs: beatIntervalOf(granted),
      patienceMsMin: PATIENCE_MS,
    });
    const { nodeId: id, life, tick, end, unsureBytes, restores } = data;
    const properties = {
      id,
      life,
      tick: `${tick}`,
      end: `${end}`,
      unsure: `${unsureBytes}`,
      lanes: `${restores.lanes}`,
      [RESTORE_PROPERTY]: `${RESTORE_FRAME_BYTES_MAX}`,
      [RECALLS_PROPERTY]: RECALLS,
    };
    link.out.append(bytesOf(`${DATA_ROLE}${formatProperties(properties)}\n`));
    this.tell(data.peers.nodes);
    // Before anybody can read from here, since what is lost is passed over.
    if (data.isDamaged) this.damaged();
    link.send();
  }

  received(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (!this.#gate.isShut(this)) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) return at;
      if (status === FrameStatus.malformed || !this.#take(bytes)) {
        writeError(this.#link.out, WireError.malformed, this.#wrong);
        this.farewell = this.#wrong;
        this.#link.end();
        return length;
      }
      at = frame.end;
    }
    return at;
  }

  ended(): void {
    this.#link.end();
  }

  drained(): void {
    this.#data.reads.goOn();
  }

  closed(): void {
    this.#isClosed = true;
    this.#host.left(this);
    this.#data.reads.goOn();
  }

  /** A closed one is not: its requests are to be done with. */
  get isClogged(): boolean {
    return !this.#isClosed && this.#link.out.length >= SEND_BYTES_HIGH;
  }

  piece(
    request: ReadFields,
    end: number,
    bytes: Uint8Array,
    failure: string | undefined,
  ): void {
    if (this.#isClosed) return;
    const { out } = this.#link;
    if (failure === undefined) {
      piece.ticket = request.ticket;
      piece.position = request.position;
      piece.end = end;
      piece.lanes = this.#data.restores.lanes;
      piece.tick = this.#data.tick;
      writePiece(out, piece, bytes, 0, bytes.length);
    } else {
      writeUnread(out, request.ticket, WireError.unread, failure);
    }
    this.#link.send();
  }

  committed(commit: number, failure: string | undefined): void {
    const { tick, end } = this.#data;
    this.#tickets.committed(commit, failure, tick, end);
  }

  restored(ticket: number, failure: string | undefined): void {
    if (this.#isClosed) return;
    const code = failure === undefined ? RESTORED_OK : WireError.notStored.code;
    writeRestored(this.#link.out, ticket, code, failure ?? "");
    this.#link.send();
  }

  damaged(): void {
    this.#damages++;
    writeDamaged(this.#link.out);
    this.#link.send();
  }

  tell(nodes: readonly KnownNode[]): void {
    writeRoster(this.#link.out, nodes);
    this.#link.send();
  }

  unwell(reason: string): void {
    writeUnwell(this.#link.out, reason);
    this.#link.send();
  }

  drain(): void {
    writeDraining(this.#link.out);
    // What the head has sent before it heard of this comes before its echo.
    this.#pulse.beat(this.#data.ports.clock.nowMs(), false);
  }

  get isDrained(): boolean {
    return this.#pulse.isHeard;
  }

  end(): void {
    this.#link.end();
  }

  unblocked(): void {
    this.#gate.reopen();
  }

  tick(nowMs: number): void {
    const pulse = this.#pulse;
    const isBusy = this.#gate.isPaused;
    pulse.tick(nowMs, isBusy);
    // While it is not read from, what it says is not heard.
    if (isBusy) pulse.answered(nowMs);
    if (!pulse.isSilent(nowMs)) return;
    const seconds = Math.round(pulse.silentMs(nowMs) / 1000);
    this.farewell = `it has not answered for ${seconds} s`;
    this.#link.abort();
  }

  /** Acts on one frame. @returns False when it breaks the protocol. */
  #take(bytes: Uint8Array): boolean {
    if (frame.type === FrameType.error) {
      const kind = wireErrorOf(readErrorCode(bytes, frame));
      const reason = textOf(bytes, frame.payload, frame.end);
      this.farewell = `${kind?.word ?? "error"}: ${reason}`;
      if (kind === WireError.twin) {
        this.#host.twinMet(withoutLife(reason), otherLifeIn(reason));
      }
      return true;
    }
    if (!this.#isJoined) {
      this.#isJoined = true;
      this.#host.joined();
    }
    switch (frame.type) {
      case FrameType.store:
        return readStore(bytes, frame, store) && this.#store(bytes);
      case FrameType.read:
        if (!readRead(bytes, frame, read)) return false;
        if (this.#leaps(read.tick)) return false;
        this.#data.witness(read.tick);
        this.#data.reads.ask(this, read);
        return true;
      case FrameType.recall:
        return readRecall(bytes, frame, recall) && this.#recall(bytes);
      case FrameType.restore:
        return this.#restore(bytes);
      case FrameType.roster: {
        const nodes = readRoster(bytes, frame);
        if (nodes !== undefined) this.#data.told(nodes, this);
        return nodes !== undefined;
      }
      case FrameType.healed:
        // Not if more was damaged since the records were looked for.
        if (readHealed(bytes, frame) === this.#damages) this.#data.healed();
        return true;
      case FrameType.beat:
      case FrameType.beatEcho:
        return this.#pulse.take(bytes, frame, this.#data.ports.clock.nowMs());
      default:
        return true;
    }
  }

  /** Whether a head says a time that cannot be. */
  #leaps(tick: number): boolean {
    const known = this.#data.tick;
    if (!isLeap(tick, known)) return false;
    this.#wrong = leapReason(tick, known);
    return true;
  }

  #recall(bytes: Uint8Array): boolean {
    const { ticket, firstSequence, count } = recall;
    const clientId = bytes.subarray(frame.payload, frame.end);
    const { floor, end, prints } = this.#data.seen.recall(
      clientId,
      firstSequence,
      count,
    );
    recalled.ticket = ticket;
    recalled.floor = floor;
    recalled.end = end;
    writeRecalled(this.#link.out, recalled, prints);
    this.#link.send();
    return true;
  }

  #restore(bytes: Uint8Array): boolean {
    const ticket = readRestore(bytes, frame);
    if (ticket < 0) return false;
    const { payload, end } = frame;
    const { restores } = this.#data;
    const failure = restores.restore(this, ticket, bytes, payload, end);
    if (failure !== undefined) this.restored(ticket, failure);
    return true;
  }

  #store(bytes: Uint8Array): boolean {
    const { ticket, holdersAt, messagesAt, firstSequence, count } = store;
    if (ticket !== this.#nextTicket || this.#leaps(store.tick)) return false;
    this.#nextTicket++;
    const clientId = bytes.subarray(frame.payload, holdersAt);
    const { seen } = this.#data;
    const known = seen.check(clientId, firstSequence, count, bytes, messagesAt);
    if (known === Known.yes) {
      this.#answerKnown(seen.commit);
      return true;
    }
    if (known === Known.another) {
      this.#refuse(
        WireError.reused,
        `${idsOf(clientId)}: another message is stored under this id`,
      );
      return true;
    }
    if (known === Known.answered && store.isVerified !== true) {
      this.#refuse(
        WireError.notHere,
        `${idsOf(clientId)}: answered before, and not here`,
      );
      return true;
    }
    const commit = this.#data.append(
      this,
      {
        timeMs: store.timeMs,
        clientId,
        firstSequence,
        floor: store.floor,
        tick: this.#data.advance(store.tick),
        holders: bytes.subarray(holdersAt, messagesAt),
      },
      bytes,
      messagesAt,
      count,
    );
    this.#tickets.appended(ticket, commit);
    return true;
  }

  /** What was just read is stored, or will be with the commit `known`. */
  #answerKnown(known: number): void {
    const { tick, end } = this.#data;
    const commit = this.#tickets.known(store.ticket, known, tick, end);
    if (commit !== undefined) this.#data.waitFor(this, commit);
  }

  /** Refuses what was just read. */
  #refuse(kind: WireErrorKind, reason: string): void {
    const { tick, end } = this.#data;
    this.#tickets.refused(store.ticket, kind, reason, tick, end);
  }
}

/** The ids of the messages that were just read: `c1-7`, or `c1-7..9`. */
function idsOf(clientId: Uint8Array): string {
  const { firstSequence, count } = store;
  const end = count > 1 ? `..${firstSequence + count - 1}` : "";
  return `${textOf(clientId)}-${firstSequence}${end}`;
}
