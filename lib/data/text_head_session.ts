/**
 * The conversation with original heads: `mensaje: …` comes, `recibido` goes
 * back once it is synced.
 *
 * Such a head gives no ids, so the node does: its own id and a random part
 * stand for the connection, and the messages are counted.
 *
 * @module
 */

import { MESSAGE_BYTES_MAX, READ_BYTES_CHUNK } from "../base/limits.ts";
import { randomName } from "../base/random_names.ts";
import type { Link } from "../base/ports.ts";
import { PerCommit } from "../store/per_commit.ts";
import { ESCAPED_BYTES_MAX, unescapeInto } from "../wire/escape.ts";
import { bytesOf, startsWith } from "../base/ascii.ts";
import { MESSAGE_HEADER_BYTES, writeMessage } from "../wire/client_frames.ts";
import { errorLine, WireError } from "../wire/errors.ts";
import { Encoding } from "../wire/greeting.ts";
import { LineScanner, LineStatus } from "../wire/line.ts";
import { DATA_ROLE, MESSAGE_PREFIX, STORED } from "../wire/words.ts";
import type { DataContext, HeadSession } from "./context.ts";
import { Gate } from "./gate.ts";

const prefixBytes = bytesOf(MESSAGE_PREFIX);

/** Length of the random part that stands for a connection in an id. */
const CONNECTION_NAME_LENGTH = 6;

/** One message as the journal takes it; reused by all sessions. */
const payload = new Uint8Array(MESSAGE_HEADER_BYTES + MESSAGE_BYTES_MAX);

/** Longest line: a message all escaped, and the words in front. */
const LINE_BYTES_MAX = MESSAGE_BYTES_MAX * ESCAPED_BYTES_MAX + 64;

/** A line without its escapes; reused by all sessions. */
const unescaped = new Uint8Array(LINE_BYTES_MAX);

/** A data node's connection to an original head. */
export class TextHeadSession implements HeadSession {
  readonly #data: DataContext;
  readonly #link: Link;
  readonly #encoding: Encoding;
  readonly #leave: (session: HeadSession) => void;
  readonly #gate: Gate;
  readonly #lines = new LineScanner(LINE_BYTES_MAX);
  farewell: string | undefined;
  #clientId: Uint8Array;
  readonly #messages = new PerCommit<{ count: number }>(
    () => ({ count: 0 }),
    (messages) => {
      messages.count = 0;
    },
  );
  #sequence = 0;
  #answered = 0;
  /** Whether some of these numbers are of messages that were not stored. */
  #hasFailed = false;

  constructor(
    data: DataContext,
    link: Link,
    encoding: Encoding,
    leave: (session: HeadSession) => void,
  ) {
    this.#data = data;
    this.#link = link;
    this.#encoding = encoding;
    this.#leave = leave;
    this.#gate = new Gate(data, link);
    this.#clientId = this.#newClientId();
    if (encoding === Encoding.chunk) link.expect(READ_BYTES_CHUNK);
    this.#say(DATA_ROLE);
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#gate.isShut(this)) return 0;
    if (this.#encoding === Encoding.chunk) {
      this.#store(bytes, 0, length);
      return length;
    }
    const lines = this.#lines;
    let at = 0;
    while (!this.#gate.isShut(this)) {
      const status = lines.next(bytes, at, length);
      at = lines.used;
      if (status === LineStatus.partial) break;
      if (status === LineStatus.tooLong) this.#refuse();
      else this.#storeLine(bytes, lines.start, lines.end);
    }
    return at;
  }

  ended(): void {
    this.#link.end();
  }

  drained(): void {}

  closed(): void {
    this.#leave(this);
  }

  committed(commit: number, failure: string | undefined): void {
    const { count } = this.#messages.at(commit);
    this.#messages.done(commit);
    this.#answered += count;
    if (failure !== undefined) this.#hasFailed = true;
    for (let i = 0; i < count; i++) {
      this.#say(
        failure === undefined
          ? STORED
          : errorLine(WireError.notStored, failure),
      );
    }
  }

  /** Does nothing: an original head answers no beats. */
  tick(): void {}

  /** Does nothing: an original head repairs nothing. */
  damaged(): void {}

  /** Does nothing: an original head remembers no data nodes. */
  tell(): void {}

  /** Does nothing: an original head does not ask how a data node is. */
  unwell(): void {}

  /** Does nothing: the farewell of an original head is a closed connection. */
  drain(): void {}

  get isDrained(): boolean {
    return true;
  }

  end(): void {
    this.#link.end();
  }

  unblocked(): void {
    this.#gate.reopen();
  }

  /**
   * Counts from 1 again, under another name, once nothing is under way: numbers
   * of messages that were not stored would look like messages that were lost.
   */
  #renumber(): void {
    if (!this.#hasFailed || this.#answered < this.#sequence) return;
    this.#hasFailed = false;
    this.#clientId = this.#newClientId();
    this.#sequence = this.#answered = 0;
  }

  #newClientId(): Uint8Array {
    const { nodeId, ports } = this.#data;
    const name = randomName(ports.strongRandom, CONNECTION_NAME_LENGTH);
    return bytesOf(`${nodeId}.${name}`);
  }

  /** Stores a line: what its escapes stand for, or itself if they are none. */
  #storeLine(bytes: Uint8Array, from: number, to: number): void {
    const end = unescapeInto(unescaped, 0, bytes, from, to);
    if (end < 0) this.#store(bytes, from, to);
    else this.#store(unescaped, 0, end);
  }

  #store(bytes: Uint8Array, from: number, to: number): void {
    const start = startsWith(bytes, prefixBytes, from, to)
      ? from + prefixBytes.length
      : from;
    if (to - start > MESSAGE_BYTES_MAX) {
      this.#refuse();
      return;
    }
    writeMessage(payload, 0, bytes, start, to);
    this.#renumber();
    const commit = this.#data.append(
      this,
      {
        timeMs: this.#data.ports.clock.wallMs(),
        clientId: this.#clientId,
        firstSequence: ++this.#sequence,
        floor: this.#answered + 1,
        tick: this.#data.advance(0),
        holders: this.#data.nodeIdBytes,
      },
      payload,
      0,
      1,
    );
    this.#messages.at(commit).count++;
  }

  #refuse(): void {
    const reason = `a message is at most ${MESSAGE_BYTES_MAX} bytes`;
    this.#say(errorLine(WireError.tooLong, reason));
  }

  #say(text: string): void {
    const ending = this.#encoding === Encoding.line ? "\n" : "";
    this.#link.out.append(bytesOf(text + ending));
    this.#link.send();
  }
}
