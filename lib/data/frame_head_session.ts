/**
 * A data node's connection to a head that speaks sd/2 frames.
 *
 * Tickets come in order and commits are done in order, so of each commit one
 * number is kept: the last ticket that belongs to it. One frame answers them
 * all.
 *
 * @module
 */

import { beatIntervalOf } from "../heartbeat/beat_interval.ts";
import { Pulse } from "../heartbeat/pulse.ts";
import { RESTORE_FRAME_BYTES_MAX, SEND_BYTES_HIGH } from "../limits.ts";
import type { Link } from "../ports.ts";
import { bytesOf, textOf } from "../wire/ascii.ts";
import { WireError, wireErrorOf } from "../wire/errors.ts";
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
import {
  readRestore,
  RESTORE_PROPERTY,
  RESTORED_OK,
  writeRestored,
} from "../wire/restore_frames.ts";
import {
  type ReadStore,
  readStore,
  writeNotStored,
  writeStored,
} from "../wire/store_frames.ts";
import { DATA_ROLE } from "../wire/words.ts";
import type { DataContext, HeadSession } from "./core.ts";
import { Gate } from "./gate.ts";
import type { Reader } from "./reads.ts";
import type { Restorer } from "./restores.ts";

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
  holdersAt: 0,
  messagesAt: 0,
};

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

/** See the module. */
export class FrameHeadSession implements HeadSession, Reader, Restorer {
  readonly #data: DataContext;
  readonly #link: Link;
  readonly #leave: (session: HeadSession) => void;
  readonly #gate: Gate;
  readonly #pulse: Pulse;
  readonly #joined: () => void;
  /** Whether the head has said something, and so has taken this node in. */
  #isJoined = false;
  farewell: string | undefined;
  /** Last ticket of a commit, by whether the commit's number is odd. */
  readonly #lastTicket: [number, number] = [0, 0];
  /** Whether tickets wait for a commit that holds none of their messages. */
  readonly #borrows: [boolean, boolean] = [false, false];
  /** The last commit that a ticket waits for, or has waited for. */
  #lastCommit = 0;
  #nextTicket = 1;
  #isClosed = false;
  /** `damaged` frames that were sent. */
  #damages = 0;
  /** The last ticket that was answered. */
  #answered = 0;

  /**
   * @param granted What the head says of itself.
   * @param joined Is told once the head has taken this node in.
   * @param leave Is told when the connection is over.
   */
  constructor(
    data: DataContext,
    link: Link,
    granted: Properties,
    joined: () => void,
    leave: (session: HeadSession) => void,
  ) {
    this.#data = data;
    this.#link = link;
    this.#joined = joined;
    this.#leave = leave;
    this.#gate = new Gate(data, link);
    this.#pulse = new Pulse(link, {
      intervalMs: beatIntervalOf(granted),
      patienceMsMin: PATIENCE_MS,
    });
    const { nodeId: id, life, tick, end, restores } = data;
    const properties = {
      id,
      life,
      tick: `${tick}`,
      end: `${end}`,
      lanes: `${restores.lanes}`,
      [RESTORE_PROPERTY]: `${RESTORE_FRAME_BYTES_MAX}`,
    };
    link.out.append(bytesOf(`${DATA_ROLE}${formatProperties(properties)}\n`));
    this.tell(data.peers.nodes);
    link.send();
  }

  received(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (!this.#gate.isShut(this)) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) return at;
      if (status === FrameStatus.malformed || !this.#take(bytes)) {
        writeError(this.#link.out, WireError.malformed, "malformed frame");
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
    this.#leave(this);
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
    const last = this.#lastTicket[commit & 1]!;
    const { out } = this.#link;
    // What was taken for stored may have been of the commit before, and lost.
    const isVoid = this.#borrows[commit & 1] &&
      this.#data.journal.failedCommit === commit - 1;
    this.#borrows[commit & 1] = false;
    const reason = failure ?? (isVoid ? "the commit before failed" : undefined);
    if (reason === undefined) {
      writeStored(out, last, this.#data.tick, this.#data.end);
    } else {
      const first = this.#answered + 1;
      writeNotStored(out, first, last, WireError.notStored, reason);
    }
    this.#answered = last;
    this.#link.send();
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
      if (kind === WireError.twin) this.#data.ports.events.twinMet(reason);
      return true;
    }
    if (!this.#isJoined) {
      this.#isJoined = true;
      this.#joined();
      if (this.#data.isDamaged) this.damaged();
    }
    switch (frame.type) {
      case FrameType.store:
        return readStore(bytes, frame, store) && this.#store(bytes);
      case FrameType.read:
        if (!readRead(bytes, frame, read)) return false;
        this.#data.witness(read.tick);
        this.#data.reads.ask(this, read);
        return true;
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
    if (store.ticket !== this.#nextTicket) return false;
    const { holdersAt, messagesAt, firstSequence, count } = store;
    this.#nextTicket++;
    const clientId = bytes.subarray(frame.payload, holdersAt);
    const known = this.#data.seen.commitOf(clientId, firstSequence, count);
    if (known !== undefined) {
      this.#answerKnown(store.ticket, known);
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
    this.#lastTicket[commit & 1] = store.ticket;
    this.#lastCommit = commit;
    return true;
  }

  /**
   * Answers for messages that are stored, or will be with the commit `known`:
   * in the order of tickets, so not before those in front of this one.
   */
  #answerKnown(ticket: number, known: number): void {
    const commit = this.#answered === ticket - 1
      ? known
      : Math.max(known, this.#lastCommit);
    if (commit <= this.#data.journal.doneCommit) {
      this.#answered = ticket;
      const { tick, end } = this.#data;
      writeStored(this.#link.out, ticket, tick, end);
      this.#link.send();
      return;
    }
    this.#lastTicket[commit & 1] = ticket;
    this.#lastCommit = commit;
    this.#borrows[commit & 1] = true;
    this.#data.waitFor(this, commit);
  }
}
