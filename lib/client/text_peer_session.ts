/**
 * How a client talks with peers that speak no frames. Their answers name no
 * message, so each belongs to the oldest one sent.
 *
 * Nothing in the handshake tells an original server from an original head. A
 * head takes `cliente` in silence, a server sends it back like any message;
 * so the client says it, and waits a moment for the echo.
 *
 * Nor has such a peer heartbeats: whether it hangs, or has died in silence, or
 * never answers (the original head as it was published), cannot be found out.
 * So its silence is told, and waited for: to send again what it may have taken
 * would store it twice, as it knows no ids.
 *
 * @module
 */

import {
  CHUNK_BYTES_MAX_OF_ORIGINALS,
  ECHO_GRACE_MS,
  MESSAGE_BYTES_MAX,
  READ_BYTES_CHUNK,
  SEND_BYTES_HIGH,
} from "../base/limits.ts";
import { Fifo } from "../base/fifo.ts";
import type { Link } from "../base/ports.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { WireError, type WireErrorKind } from "../wire/errors.ts";
import { Encoding, type Properties } from "../wire/greeting.ts";
import { LineScanner, LineStatus } from "../wire/line.ts";
import { CLIENT_ROLE } from "../wire/words.ts";
import type { ClientContext, PeerSession } from "./context.ts";
import type { PeerRole } from "./events.ts";
import { whyWrongPeer } from "./wrong_peer.ts";

const LF = new Uint8Array([10]);

/** Longest answer: a server's is a message, a head's names some addresses. */
const ANSWER_BYTES_MAX = MESSAGE_BYTES_MAX + 4096;

/**
 * Time without an answer, though one is due, after which a peer is called
 * silent, in ms. A head may wait so long for a data node that hangs
 * (`STORE_TIMEOUT_MS`); whoever watches wants to know by then.
 */
const SILENT_MS = 10_000;

/** Pause after which a silence that lasts is told again, in ms. */
const SILENT_AGAIN_MS = 60_000;

/** A client's connection to a server, or to an original head. */
export class TextPeerSession implements PeerSession {
  readonly #client: ClientContext;
  readonly #link: Link;
  readonly #address: string;
  readonly #encoding: Encoding;
  #role: PeerRole | undefined;
  /** When the silence after `cliente` means that the peer is a head. */
  #echoDeadlineMs = 0;
  /** Whether silence alone tells that it is a head. */
  #isGuess = false;
  readonly #lines = new LineScanner(ANSWER_BYTES_MAX);
  /** Sequences sent and not answered, oldest first. */
  readonly #sent = new Fifo<number>();
  /** Since when an answer to the oldest of them has been due. */
  #waitingSinceMs = 0;
  /** When the silence is told, or told again. */
  #tellSilenceAtMs = Infinity;
  #isSilenceTold = false;
  farewell: string | undefined;

  constructor(
    client: ClientContext,
    link: Link,
    address: string,
    encoding: Encoding,
    properties: Properties,
  ) {
    this.#client = client;
    this.#link = link;
    this.#address = address;
    this.#encoding = encoding;
    if (encoding === Encoding.chunk) link.expect(READ_BYTES_CHUNK);
    const { peer } = client.options;
    // An original's answer does not tell what it is; the user may know.
    if (peer === "server" || properties["role"] === "server") {
      this.#become("server");
    } else {
      this.#echoDeadlineMs = client.ports.clock.nowMs() + ECHO_GRACE_MS;
      this.#say(bytesOf(CLIENT_ROLE));
    }
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#encoding === Encoding.chunk) {
      this.#take(bytes, 0, length);
      return length;
    }
    const lines = this.#lines;
    for (let at = 0;; at = lines.used) {
      switch (lines.next(bytes, at, length)) {
        case LineStatus.partial:
          return lines.used;
        case LineStatus.tooLong:
          this.farewell = "it sent an answer without an end";
          this.#link.abort();
          return length;
        default:
          this.#take(bytes, lines.start, lines.end);
      }
    }
  }

  ended(): void {
    this.#link.end();
  }

  drained(): void {
    this.pump();
  }

  closed(): void {}

  tick(nowMs: number): void {
    if (this.#role !== undefined) {
      if (nowMs >= this.#tellSilenceAtMs) this.#tellSilence(nowMs);
    } else if (nowMs >= this.#echoDeadlineMs) {
      this.#isGuess = true;
      this.#become("head");
      this.pump();
    }
  }

  pump(): void {
    if (this.#role === undefined) return;
    const { outbox } = this.#client;
    // A chunk peer reads two messages sent close together as one.
    const inFlightMax = this.#encoding === Encoding.chunk ? 1 : Infinity;
    while (
      outbox.hasUnsent && this.#sent.length < inFlightMax &&
      this.#link.out.length < SEND_BYTES_HIGH
    ) {
      const sequence = outbox.take();
      const message = outbox.message(sequence);
      const refusal = this.#whyNot(message);
      if (refusal === undefined) {
        if (this.#sent.length === 0) this.#wait();
        this.#sent.push(sequence);
        this.#say(message);
      } else this.#client.refused(sequence, 1, WireError.tooLong, refusal);
    }
  }

  end(): void {
    this.#link.end();
  }

  /** Takes one answer. */
  #take(bytes: Uint8Array, from: number, to: number): void {
    const text = textOf(bytes, from, to);
    if (this.#role === undefined) {
      // A head takes it in silence.
      if (text === CLIENT_ROLE) this.#becomeServer();
      return;
    }
    if (this.#isGuess) {
      this.#isGuess = false;
      if (text === CLIENT_ROLE && !this.#isEcho(this.#sent.at(0), text)) {
        // A server that was slow to send `cliente` back.
        this.#becomeServer();
        return;
      }
    }
    const refusal = refusalOf(text);
    const sequence = this.#sent.shift();
    if (sequence === undefined) {
      // It speaks without having been asked: that is how it says goodbye.
      if (refusal !== undefined) this.farewell = text.slice("error ".length);
      return;
    }
    this.#heard();
    if (refusal === undefined || this.#isEcho(sequence, text)) {
      this.#client.answered(sequence, 1, { holders: [], text });
    } else {
      this.#client.refused(sequence, 1, refusal.kind, refusal.reason);
    }
    this.pump();
  }

  /** Waits for the next answer from now on. */
  #wait(): void {
    this.#waitingSinceMs = this.#client.ports.clock.nowMs();
    this.#tellSilenceAtMs = this.#waitingSinceMs + SILENT_MS;
  }

  /** An answer has come. */
  #heard(): void {
    const sinceMs = this.#waitingSinceMs;
    this.#wait();
    if (this.#sent.length === 0) this.#tellSilenceAtMs = Infinity;
    if (!this.#isSilenceTold) return;
    this.#isSilenceTold = false;
    const waitedMs = this.#waitingSinceMs - sinceMs;
    this.#client.ports.events.answering(this.#address, waitedMs);
  }

  #tellSilence(nowMs: number): void {
    this.#isSilenceTold = true;
    this.#tellSilenceAtMs = nowMs + SILENT_AGAIN_MS;
    const waitedMs = nowMs - this.#waitingSinceMs;
    this.#client.ports.events.silent(this.#address, waitedMs);
  }

  /** Whether an answer is what was sent under this sequence. */
  #isEcho(sequence: number | undefined, text: string): boolean {
    return sequence !== undefined &&
      textOf(this.#client.outbox.message(sequence)) === text;
  }

  /** Why this peer cannot be given a message, if so. */
  #whyNot(message: Uint8Array): string | undefined {
    if (this.#encoding === Encoding.line) {
      return message.includes(LF[0]!)
        ? "this peer takes one message a line, and this one has several lines"
        : undefined;
    }
    return message.length > CHUNK_BYTES_MAX_OF_ORIGINALS
      ? `an original program reads ${CHUNK_BYTES_MAX_OF_ORIGINALS} bytes`
      : undefined;
  }

  /** It has sent `cliente` back. */
  #becomeServer(): void {
    if (this.#client.options.peer === "head") {
      this.farewell = whyWrongPeer("head");
      this.#link.abort();
      return;
    }
    this.#become("server");
    this.pump();
  }

  #become(role: PeerRole): void {
    this.#role = role;
    this.#client.ports.events.connected(this.#address, role, this.#encoding);
  }

  #say(bytes: Uint8Array): void {
    this.#link.out.append(bytes);
    if (this.#encoding === Encoding.line) this.#link.out.append(LF);
    this.#link.send();
  }
}

/** What an `error …` line says, or undefined when this is none. */
function refusalOf(
  text: string,
): { readonly kind: WireErrorKind; readonly reason: string } | undefined {
  const match = /^error ([\w-]+): (.*)$/.exec(text);
  if (match === null) return undefined;
  const kind = Object.values(WireError).find((kind) => kind.word === match[1]);
  return kind === undefined ? undefined : { kind, reason: match[2]! };
}
