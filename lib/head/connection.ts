/**
 * A connection to the head, from its first byte to its end: the handshake, and
 * then the session of its role, to which everything is passed on.
 *
 * @module
 */

import { BEAT_PROPERTY } from "../liveness/beat_interval.ts";
import {
  CLIENT_ID_BYTES_MAX,
  CLIENT_WINDOW_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  GREETING_BYTES_MAX,
  GREETING_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  NODE_ID_BYTES,
  READ_BYTES_CHUNK,
} from "../base/limits.ts";
import type { Link, Session } from "../base/ports.ts";
import { bytesOf, startsWith } from "../base/ascii.ts";
import { errorLine, WireError, type WireErrorKind } from "../wire/errors.ts";
import { writeError } from "../wire/frame.ts";
import {
  Encoding,
  parseRest,
  type Properties,
  quoteStart,
  restOfConfirmation,
} from "../wire/greeting.ts";
import { RequestStep } from "../wire/request_step.ts";
import { isLeap, leapReason } from "../wire/leap.ts";
import { findLineEnd, trimLineEnd } from "../wire/line.ts";
import { isClientId, isNodeId } from "../base/names.ts";
import { formatStatus } from "../wire/status.ts";
import { twinReason } from "../wire/twin.ts";
import { CLIENT_ROLE, DATA_ROLE, FORGOTTEN } from "../wire/words.ts";
import type { HeadContext } from "./context.ts";
import { FrameClientSession } from "./sessions/frame_client_session.ts";
import { FrameMemberSession, timeIn } from "./sessions/frame_member_session.ts";
import { headStatus } from "./status.ts";
import { TextClientSession } from "./sessions/text_client_session.ts";
import { TextMemberSession } from "./sessions/text_member_session.ts";

const roles = [CLIENT_ROLE, DATA_ROLE].map((name) => ({
  name,
  bytes: bytesOf(name),
}));

/** What the head grants to a peer that speaks frames. */
function granted({ heartbeatIntervalMs }: HeadContext): Properties {
  return {
    role: "head",
    "message-bytes-max": `${MESSAGE_BYTES_MAX}`,
    "payload-bytes-max": `${FRAME_PAYLOAD_BYTES_MAX}`,
    "window-bytes": `${CLIENT_WINDOW_BYTES}`,
    [BEAT_PROPERTY]: `${heartbeatIntervalMs}`,
  };
}

/** A session that has a role. */
interface RoleSession extends Session {
  /** Moves deadlines; not every role has some. */
  tick?(nowMs: number): void;
}

/** Why a peer is not served. */
interface Refusal {
  readonly kind: WireErrorKind;
  readonly reason: string;
}

/** Who wants to know how a connection fares. */
export interface ConnectionHost {
  /** Why there is no room for one more peer, if so. */
  refusal(): Refusal | undefined;
  /** The peer has said who it is, or will never say it. */
  greeted(): void;
  /** The connection is closed. */
  left(connection: HeadConnection): void;
}

/** One connection, whatever its peer turns out to be. */
export class HeadConnection implements Session {
  readonly #context: HeadContext;
  readonly #link: Link;
  readonly #host: ConnectionHost;
  readonly #deadlineMs: number;
  readonly #request: RequestStep;
  #role: RoleSession | undefined;
  #greeting = true;
  /** Whether the peer has been told that frames follow. */
  #isFramed = false;
  #over = false;

  constructor(context: HeadContext, link: Link, host: ConnectionHost) {
    this.#context = context;
    this.#link = link;
    this.#host = host;
    this.#deadlineMs = context.clock.nowMs() + GREETING_TIMEOUT_MS;
    this.#request = new RequestStep(
      (encoding) => restOfConfirmation(encoding, granted(context)),
      true,
    );
  }

  received(bytes: Uint8Array, length: number): number {
    let used = 0;
    while (this.#role === undefined && !this.#over) {
      const rest = bytes.subarray(used, length);
      const step = this.#request.settled
        ? this.#readRole(rest)
        : this.#readRequest(rest);
      if (step < 0) return used;
      used += step;
    }
    if (this.#over) return length;
    if (used === length) return used;
    if (used === 0) return this.#role!.received(bytes, length);
    return used + this.#role!.received(bytes.subarray(used), length - used);
  }

  ended(unused: number): void {
    if (this.#role !== undefined) this.#role.ended(unused);
    else this.#link.end();
  }

  drained(): void {
    this.#role?.drained();
  }

  closed(reason: string): void {
    this.#over = true;
    this.#endGreeting();
    this.#role?.closed(reason);
    this.#host.left(this);
  }

  /** Closes the connection, after what was written to it. */
  goAway(reason: string): void {
    if (this.#isFramed) {
      writeError(this.#link.out, WireError.draining, reason);
    }
    this.#link.end();
  }

  /** Moves deadlines. A handshake that takes too long is ended. */
  tick(nowMs: number): void {
    this.#role?.tick?.(nowMs);
    if (this.#greeting && nowMs > this.#deadlineMs) {
      this.refuse(
        WireError.silent,
        `no handshake within ${GREETING_TIMEOUT_MS / 1000} s`,
      );
    }
  }

  /** Tells the peer why it is not served, and closes. */
  refuse(kind: WireErrorKind, reason: string): void {
    this.#over = true;
    this.#endGreeting();
    const { out, peerAddress, peerPort } = this.#link;
    if (this.#isFramed) {
      writeError(out, kind, reason);
    } else {
      out.append(bytesOf(`${errorLine(kind, reason)}\n`));
    }
    this.#link.end();
    this.#context.events.refusedPeer(`${peerAddress}:${peerPort}`, reason);
  }

  #tellStatus(): void {
    this.#over = true;
    this.#endGreeting();
    this.#link.out.append(bytesOf(formatStatus(headStatus(this.#context))));
    this.#link.end();
  }

  /** Lets a data node go that is away for good. */
  #forget(id: string): void {
    this.#over = true;
    this.#endGreeting();
    const { roster, events } = this.#context;
    const failure = roster.forget(id);
    const answer = failure === undefined
      ? `${FORGOTTEN} ${id}`
      : errorLine(WireError.absent, failure);
    if (failure === undefined) events.nodeForgotten(id);
    this.#link.out.append(bytesOf(`${answer}\n`));
    this.#link.end();
  }

  #endGreeting(): void {
    if (!this.#greeting) return;
    this.#greeting = false;
    this.#host.greeted();
  }

  /** @returns How many bytes were used, or -1 when more are needed. */
  #readRequest(bytes: Uint8Array): number {
    const request = this.#request;
    const { out } = this.#link;
    const isFirst = request.encoding === undefined;
    const used = request.read(bytes, out);
    if (request.asksStatus) {
      this.#tellStatus();
    } else if (request.forgets !== undefined) {
      this.#forget(request.forgets);
    } else if (request.wrong !== undefined) {
      this.refuse(WireError.handshake, request.wrong);
    } else if (used > 0) {
      const refusal = isFirst ? this.#host.refusal() : undefined;
      if (refusal === undefined) {
        this.#isFramed = request.encoding === Encoding.frame;
        this.#link.send();
      } else {
        out.clear();
        this.refuse(refusal.kind, refusal.reason);
      }
    }
    return used;
  }

  /** @returns How many bytes the role took, or -1 when it is not whole. */
  #readRole(bytes: Uint8Array): number {
    if (bytes.length === 0) return -1;
    const encoding = this.#request.encoding!;
    return encoding === Encoding.chunk
      ? this.#readChunkRole(bytes)
      : this.#readLineRole(bytes, encoding);
  }

  #readChunkRole(bytes: Uint8Array): number {
    for (const role of roles) {
      // What follows in the same read is the peer's first message.
      if (startsWith(bytes, role.bytes)) {
        this.#begin(role.name, Encoding.chunk, {});
        return role.bytes.length;
      }
      if (startsWith(role.bytes, bytes)) return -1;
    }
    return this.#refuseRole(bytes);
  }

  #readLineRole(bytes: Uint8Array, encoding: Encoding): number {
    const lf = findLineEnd(bytes, 0, bytes.length);
    if (lf < 0) {
      return bytes.length > GREETING_BYTES_MAX ? this.#refuseRole(bytes) : -1;
    }
    const { token, properties } = parseRest(
      bytes,
      0,
      trimLineEnd(bytes, 0, lf),
    );
    if (token !== CLIENT_ROLE && token !== DATA_ROLE) {
      return this.#refuseRole(bytes.subarray(0, lf));
    }
    this.#begin(token, encoding, properties);
    return lf + 1;
  }

  #refuseRole(bytes: Uint8Array): number {
    this.refuse(
      WireError.handshake,
      `expected '${CLIENT_ROLE}' or '${DATA_ROLE}', got ${
        quoteStart(bytes, bytes.length)
      }`,
    );
    return -1;
  }

  /** The handshake is over: from here the role's session has the connection. */
  #begin(role: string, encoding: Encoding, properties: Properties): void {
    if (encoding === Encoding.chunk) this.#link.expect(READ_BYTES_CHUNK);
    this.#role = this.#sessionFor(role, encoding, properties);
    if (this.#role !== undefined) this.#endGreeting();
  }

  /** The session for a role; undefined if the peer was refused. */
  #sessionFor(
    role: string,
    encoding: Encoding,
    properties: Properties,
  ): RoleSession | undefined {
    const context = this.#context;
    const link = this.#link;
    if (encoding !== Encoding.frame) {
      return role === CLIENT_ROLE
        ? new TextClientSession(context, link, encoding)
        : new TextMemberSession(context, link, encoding);
    }
    const refusal = role === CLIENT_ROLE
      ? this.#refusalOfClient(properties)
      : this.#refusalOfMember(properties);
    if (refusal !== undefined) {
      this.refuse(refusal.kind, refusal.reason);
      return undefined;
    }
    return role === CLIENT_ROLE
      ? new FrameClientSession(context, link, properties["id"]!)
      : new FrameMemberSession(context, link, properties);
  }

  #refusalOfClient({ id = "" }: Properties): Refusal | undefined {
    if (isClientId(id)) return undefined;
    const reason =
      `a client id is 1 to ${CLIENT_ID_BYTES_MAX} of A-Z a-z 0-9 _ . -, ` +
      `got '${id}'`;
    return { kind: WireError.handshake, reason };
  }

  #refusalOfMember(properties: Properties): Refusal | undefined {
    const { id = "", life = "" } = properties;
    const { membership, delivery } = this.#context;
    if (!isNodeId(id)) {
      const reason = `a node id is ${NODE_ID_BYTES} of a-z 0-9, got '${id}'`;
      return { kind: WireError.handshake, reason };
    }
    const twin = membership.twinOf(id, life);
    if (twin !== undefined) {
      const { peerAddress, peerPort } = twin.link;
      const reason = twinReason(id, `${peerAddress}:${peerPort}`, twin.life);
      return { kind: WireError.twin, reason };
    }
    const tick = timeIn(properties);
    return delivery.tick > 0 && isLeap(tick, delivery.tick)
      ? { kind: WireError.malformed, reason: leapReason(tick, delivery.tick) }
      : undefined;
  }
}
