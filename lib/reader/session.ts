/**
 * How a reader and a head talk: in requests for pieces, and their answers.
 *
 * @module
 */

import { Conversation } from "../calling/conversation.ts";
import { HEAD_PULSE } from "../liveness/head_pulse.ts";
import { READS_MAX } from "../base/limits.ts";
import type { Clock, Link } from "../base/ports.ts";
import { textOf } from "../base/ascii.ts";
import { WireError } from "../wire/errors.ts";
import { type FrameBounds, FrameType } from "../wire/frame.ts";
import {
  type ListedNode,
  newPieceFields,
  newUnreadFields,
  type NodesFields,
  type PieceFields,
  readNodes,
  readNodesFields,
  readPiece,
  readUnread,
  writeList,
  writeRead,
} from "../wire/read_frames.ts";
import { CLIENT_ROLE } from "../wire/words.ts";

/** Who reads. */
export interface ReadHost {
  nodes(nodes: readonly ListedNode[], fields: NodesFields): void;
  /** The head says why messages may be missing. */
  missing(reason: string): void;
  /** What was read of a data node: `bytes[from..to)`. */
  piece(
    id: string,
    lane: number,
    fields: PieceFields,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void;
  /** A request to a data node failed, because it is away or for the reason. */
  unread(id: string, lane: number, isAway: boolean, reason: string): void;
}

// Filled anew for each frame; one is enough, since frames are read in turn.
const piece = newPieceFields();
const unread = newUnreadFields();

/** A reader's connection to a head. */
export class ReadSession extends Conversation {
  readonly #host: ReadHost;
  /**
   * What each request asked for that is not answered, by its ticket; undefined
   * when nobody waits for the answer any more.
   */
  readonly #asked = new Map<
    number,
    { readonly id: string; readonly lane: number } | undefined
  >();
  #lastTicket = 0;

  constructor(link: Link, clock: Clock, id: string, host: ReadHost) {
    super(link, clock, HEAD_PULSE);
    this.#host = host;
    this.introduce(CLIENT_ROLE, { id });
    link.send();
  }

  /** Asks which data nodes there are. */
  list(): void {
    writeList(this.link.out);
    this.link.send();
  }

  /** Whether the head takes another request. */
  get hasRoom(): boolean {
    return this.#asked.size < READS_MAX;
  }

  /** Waits no more for what was asked of a lane; an answer is ignored. */
  abandon(id: string, lane: number): void {
    for (const [ticket, asked] of this.#asked) {
      if (asked?.id !== id || asked.lane !== lane) continue;
      this.#asked.set(ticket, undefined);
    }
  }

  /** Asks for a piece of a data node's segments, or of a lane. */
  read(id: string, lane: number, position: number, bytesMax: number): void {
    const ticket = ++this.#lastTicket;
    this.#asked.set(ticket, { id, lane });
    const request = { ticket, position, bytesMax, tick: 0, lane };
    writeRead(this.link.out, request, id);
    this.link.send();
  }

  protected override take(bytes: Uint8Array, frame: FrameBounds): boolean {
    const { payload, end } = frame;
    switch (frame.type) {
      case FrameType.nodes: {
        const nodes = readNodes(bytes, frame);
        if (nodes === undefined) return false;
        this.#host.nodes(nodes, readNodesFields(bytes, frame));
        return true;
      }
      case FrameType.missing:
        this.#host.missing(textOf(bytes, payload, end));
        return true;
      case FrameType.piece: {
        if (!readPiece(bytes, frame, piece)) return false;
        this.pulse.answered(this.clock.nowMs());
        if (!this.#asked.has(piece.ticket)) return false;
        const asked = this.#takeAsked(piece.ticket);
        if (asked === undefined) return true;
        const { id, lane } = asked;
        this.#host.piece(id, lane, piece, bytes, payload, end);
        return true;
      }
      case FrameType.unread: {
        if (!readUnread(bytes, frame, unread)) return false;
        if (!this.#asked.has(unread.ticket)) return false;
        const asked = this.#takeAsked(unread.ticket);
        if (asked === undefined) return true;
        this.#host.unread(
          asked.id,
          asked.lane,
          unread.code === WireError.absent.code,
          textOf(bytes, payload, end),
        );
        return true;
      }
      default:
        return super.take(bytes, frame);
    }
  }

  /** What a request asked for; undefined when nobody waits for it any more. */
  #takeAsked(ticket: number) {
    const asked = this.#asked.get(ticket);
    this.#asked.delete(ticket);
    return asked;
  }
}
