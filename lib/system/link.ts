/**
 * A TCP connection as a {@linkcode Link}: one read and one write in flight,
 * one buffer for each way, reused.
 *
 * @module
 */

import { SEND_BYTES_LOW } from "../base/limits.ts";
import type { Link, Session, Turn } from "../base/ports.ts";
import { ByteQueue } from "../base/byte_queue.ts";

/** First read buffer of a connection; most messages of people fit. */
const READ_BYTES_MIN = 2 * 1024;

/**
 * Read buffer of a connection that fills its buffers. One read of this size
 * carries thousands of small messages, which is what makes batching free.
 */
const READ_BYTES_BUSY = 256 * 1024;

/** Time a refused peer has to read the reason before it is cut off. */
const LINGER_MS = 2_000;

/** Time for a peer to read the last bytes of a connection that ends. */
const END_MS_MAX = 30_000;

/**
 * Runs a connection until it is over.
 *
 * @param makeSession Is called once, at once.
 */
export function runLink(
  conn: Deno.TcpConn,
  turn: Turn,
  makeSession: (link: Link) => Session,
): void {
  new TcpLink(conn, turn).run(makeSession);
}

class TcpLink implements Link {
  readonly peerAddress: string;
  readonly peerPort: number;
  /** What the core appends to; changes places with `#sending`. */
  out = new ByteQueue();
  readonly #conn: Deno.TcpConn;
  readonly #turn: Turn;
  #sending = new ByteQueue();
  #session!: Session;
  /** Whether the session is being made, and cannot be told anything yet. */
  #isMaking = false;
  #buffer = new Uint8Array(READ_BYTES_MIN);
  #filled = 0;
  #expectedBytes = 0;
  #isFlushDue = false;
  #isWriting = false;
  #isPaused = false;
  /** Wakes the reader when a pause ends or the link is closed. */
  #wake: (() => void) | undefined;
  /** Whether the core wants the connection closed once all is sent. */
  #isEnding = false;
  #isClosed = false;
  #closeReason = "";
  /** Whether the peer has said that it sends no more. */
  #isPeerDone = false;
  #endTimer: ReturnType<typeof setTimeout> | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #flushJob = () => this.#flush();
  readonly #wroteJob = (count: number) => this.#wrote(count);
  readonly #writeFailedJob = (error: unknown) => this.#close(reasonOf(error));

  constructor(conn: Deno.TcpConn, turn: Turn) {
    this.#conn = conn;
    this.#turn = turn;
    const { hostname, port } = conn.remoteAddr;
    // An IPv4 peer of a dual-stack listener is shown as the IPv4 it is.
    this.peerAddress = hostname.replace(/^::ffff:/, "");
    this.peerPort = port;
    // A lone small message must not wait for the answer to the one before.
    conn.setNoDelay(true);
    // Else a host that vanished would keep its place for ever.
    conn.setKeepAlive(true);
  }

  run(makeSession: (link: Link) => Session): void {
    this.#isMaking = true;
    this.#session = makeSession(this);
    this.#isMaking = false;
    if (this.#isClosed) this.#session.closed(this.#closeReason);
    else this.#readAll();
  }

  send(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#turn.sending(this.#flushJob);
  }

  pause(): void {
    // A link that ends reads on, so that the peer is not reset.
    this.#isPaused = !this.#isEnding;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wake?.();
  }

  expect(bytes: number): void {
    // Not now: a read may be under way into the buffer that is there.
    this.#expectedBytes = bytes;
  }

  end(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    // A peer that reads nothing would keep the connection for ever.
    this.#endTimer = setTimeout(
      () => this.#close("the peer did not read the end"),
      END_MS_MAX,
    );
    this.resume();
    this.send();
  }

  abort(): void {
    this.#close("we closed the connection");
  }

  async #readAll(): Promise<void> {
    for (;;) {
      while (this.#isPaused && !this.#isClosed) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#wake = undefined;
        this.#offer();
      }
      if (this.#buffer.length < this.#expectedBytes) {
        this.#grow(this.#expectedBytes);
      }
      const room = this.#buffer.length - this.#filled;
      let count: number | null;
      try {
        count = await this.#conn.read(
          this.#filled === 0
            ? this.#buffer
            : this.#buffer.subarray(this.#filled),
        );
      } catch (error) {
        this.#close(reasonOf(error));
        return;
      }
      if (this.#isClosed) return;
      if (count === null) break;
      this.#filled += count;
      this.#offer();
      // A peer that fills the buffer has more to say than was thought.
      if (count === room && this.#buffer.length < READ_BYTES_BUSY) {
        this.#grow(this.#buffer.length * 4);
      }
    }
    this.#isPeerDone = true;
    if (this.#isEnding) this.#flush();
    else this.#session.ended(this.#filled);
  }

  /** Hands the session what has come, and keeps what it leaves. */
  #offer(): void {
    if (this.#isClosed || this.#isEnding) {
      this.#filled = 0;
      return;
    }
    if (this.#filled === 0) return;
    const used = this.#session.received(this.#buffer, this.#filled);
    if (used === this.#filled) {
      this.#filled = 0;
    } else if (used > 0) {
      this.#buffer.copyWithin(0, used, this.#filled);
      this.#filled -= used;
    }
    // A message larger than the buffer: the session's limits bound the growth.
    if (this.#filled === this.#buffer.length && !this.#isPaused) {
      this.#grow(this.#buffer.length * 2);
    }
  }

  /** Only between two reads. */
  #grow(bytes: number): void {
    const grown = new Uint8Array(bytes);
    grown.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = grown;
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#isWriting || this.#isClosed) return;
    if (this.out.length > 0) this.#write();
    else if (this.#isEnding) this.#finish();
  }

  #write(): void {
    this.#isWriting = true;
    const bytes = this.out;
    this.out = this.#sending;
    this.#sending = bytes;
    this.#writeRest();
  }

  /** Without `await`, which would cost three promises more for each write. */
  #writeRest(): void {
    this.#conn.write(this.#sending.view()).then(
      this.#wroteJob,
      this.#writeFailedJob,
    );
  }

  #wrote(count: number): void {
    this.#sending.consume(count);
    if (this.#isClosed) return;
    if (this.#sending.length > 0) {
      this.#writeRest();
      return;
    }
    this.#isWriting = false;
    if (this.out.length < SEND_BYTES_LOW) this.#session.drained();
    // At the end of the turn, when the log has what these bytes speak of.
    if (this.out.length > 0 || this.#isEnding) this.send();
  }

  /**
   * Everything is sent: says so, and lets the peer read it. Closing while the
   * peer's bytes are unread would reset the connection, and the peer would
   * lose what it had not read yet.
   */
  #finish(): void {
    if (this.#isClosed) return;
    if (this.#isPeerDone) {
      this.#close("the peer closed the connection");
    } else if (this.#lingerTimer === undefined) {
      this.#conn.closeWrite().catch(() => {});
      this.#lingerTimer = setTimeout(
        () => this.#close("we closed the connection"),
        LINGER_MS,
      );
    }
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeReason = reason;
    clearTimeout(this.#endTimer);
    clearTimeout(this.#lingerTimer);
    this.#wake?.();
    try {
      this.#conn.close();
    } catch {
      // Closed already by the other side.
    }
    if (!this.#isMaking) this.#session.closed(reason);
  }
}

/** A network error in words that tell a person what happened. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionReset) {
    return "the peer reset the connection";
  }
  if (error instanceof Deno.errors.BrokenPipe) {
    return "the peer is gone";
  }
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "nobody listens there";
  }
  if (
    error instanceof Deno.errors.TimedOut ||
    error instanceof DOMException && error.name === "TimeoutError"
  ) return "it does not answer";
  return error instanceof Error ? error.message : `${error}`;
}
