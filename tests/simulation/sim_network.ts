/**
 * A network of a world.
 *
 * Fault model:
 * - Bytes arrive in order, whole, in pieces of any size, after a delay that
 *   varies by piece; connections do not wait for each other.
 * - A connection can be reset at any moment: what was under way is lost.
 * - A cut between two hosts holds bytes back, in one direction or both, until
 *   it is mended; neither end hears of it. What an end closes or resets
 *   meanwhile, the other learns afterwards.
 * - A peer that does not read holds the sender back: so many bytes are under
 *   way at most.
 * - When a process dies, its connections are reset.
 * - A host can have a bad cable: what goes to it or comes from it takes longer,
 *   or is lost and sent again by TCP, later and later (RFC 6298).
 * - Nothing is duplicated, forged, or reordered within a connection: TCP sees
 *   to that.
 */

import type { Dialer, Link, Session } from "../../lib/base/ports.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import type { Process, World } from "./world.ts";

/** How the network behaves. */
export interface NetworkFaults {
  /** Delay of a piece, in ms: at least, and at most. */
  readonly delayMs: readonly [number, number];
  /** Chance that bytes arrive in more pieces than they were sent in. */
  readonly splitChance: number;
}

/** What a bad cable does, to what goes either way. */
export interface Cable {
  /** Delay that is added, in ms. */
  readonly delayMs: number;
  /** Chance that a packet is lost. */
  readonly lossChance: number;
}

/** Time after which TCP sends a lost packet again, in ms; doubles each time. */
const RESEND_MS = 200;

/**
 * The same at most: who has more to send learns of a loss from what follows
 * (RFC 8985), and does not wait as long as RFC 6298 alone would have it.
 */
const RESEND_MS_MAX = 800;

/** Bytes under way in one direction before the sender must wait. */
const UNDER_WAY_MAX = 64 * 1024;

type Accept = (link: Link) => Session;

/** See the module. */
export class SimNetwork {
  readonly world: World;
  readonly faults: NetworkFaults;
  readonly #listeners = new Map<string, { process: Process; accept: Accept }>();
  readonly #connections = new Set<Connection>();
  /** `from>to` of the directions that are cut; without a host, all. */
  readonly #cuts = new Set<string>();
  /** By host. */
  readonly cables = new Map<string, Cable>();
  #nextPort = 40_000;

  constructor(world: World, faults: NetworkFaults) {
    this.world = world;
    this.faults = faults;
  }

  /** Listens at `host:5000` for as long as the process lives. */
  listen(host: string, process: Process, accept: Accept): void {
    const address = `${host}:5000`;
    this.#listeners.set(address, { process, accept });
    process.onDeath(() => {
      const current = this.#listeners.get(address);
      if (current?.process === process) this.#listeners.delete(address);
    });
  }

  /** Calls out of `host` for a process. */
  dialer(host: string, process: Process): Dialer {
    return {
      dial: (address, opened, failed) => {
        const delay = this.delay() + this.delay();
        process.after(delay, () => {
          const [peerHost = ""] = address.split(":");
          const listener = this.#listeners.get(address);
          if (this.isCut(host, peerHost) || this.isCut(peerHost, host)) {
            failed("it does not answer");
          } else if (listener === undefined) {
            failed("nobody listens there");
          } else {
            this.#connect(host, process, opened, peerHost, listener);
          }
        });
      },
    };
  }

  /** Stops what goes from one host to another; what is on its way waits. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Cuts a host off from all others: what it says, what it hears, or both. */
  cutOff(host: string, direction: "out" | "in" | "both"): void {
    if (direction !== "in") this.#cuts.add(`${host}>`);
    if (direction !== "out") this.#cuts.add(`>${host}`);
  }

  /** Ends all cuts, and mends all cables; what waited goes on. */
  mend(): void {
    this.#cuts.clear();
    this.cables.clear();
    for (const connection of this.#connections) connection.retry();
  }

  isCut(from: string, to: string): boolean {
    const cuts = this.#cuts;
    return cuts.size > 0 &&
      (cuts.has(`${from}>${to}`) || cuts.has(`${from}>`) ||
        cuts.has(`>${to}`));
  }

  /** Resets one connection, any. @returns Whether there was one. */
  resetOne(): boolean {
    const open = [...this.#connections];
    if (open.length === 0) return false;
    this.world.pick(open).reset("the peer reset the connection");
    return true;
  }

  delay(): number {
    const [min, max] = this.faults.delayMs;
    return min + this.world.random() * (max - min);
  }

  /** The same with the cables of both ends, and what TCP sends again. */
  delayBetween(from: string, to: string): number {
    let delayMs = this.delay();
    for (const host of [from, to]) {
      const cable = this.cables.get(host);
      if (cable === undefined) continue;
      delayMs += cable.delayMs;
      let resendMs = RESEND_MS;
      while (this.world.chance(cable.lossChance)) {
        delayMs += resendMs;
        resendMs = Math.min(2 * resendMs, RESEND_MS_MAX);
      }
    }
    return delayMs;
  }

  /** How long a ping there and back takes, in ms; undefined: it is lost. */
  ping(from: string, to: string): number | undefined {
    if (this.isCut(from, to) || this.isCut(to, from)) return undefined;
    let takesMs = this.delay() + this.delay();
    for (const host of [from, to]) {
      const cable = this.cables.get(host);
      if (cable === undefined) continue;
      takesMs += 2 * cable.delayMs;
      if (this.world.chance(1 - (1 - cable.lossChance) ** 2)) return undefined;
    }
    return takesMs;
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #connect(
    host: string,
    process: Process,
    opened: Accept,
    peerHost: string,
    listener: { process: Process; accept: Accept },
  ): void {
    const connection = new Connection(this);
    this.#connections.add(connection);
    const port = this.#nextPort++;
    const near = new SimLink(this, connection, process, host, peerHost, 5000);
    const far = new SimLink(
      this,
      connection,
      listener.process,
      peerHost,
      host,
      port,
    );
    near.peer = far;
    far.peer = near;
    connection.links = [near, far];
    near.begin(opened);
    listener.process.after(this.delay(), () => far.begin(listener.accept));
  }
}

/** Both ends of a connection. */
class Connection {
  readonly #network: SimNetwork;
  links: readonly SimLink[] = [];

  constructor(network: SimNetwork) {
    this.#network = network;
  }

  /** Breaks the connection for both ends. */
  reset(reason: string): void {
    for (const link of this.links) link.learnOfEnd(reason);
    this.#network.forget(this);
  }

  /** A cut is mended: what waited at it goes on. */
  retry(): void {
    for (const link of this.links) link.flush();
  }

  forget(): void {
    this.#network.forget(this);
  }
}

/** One end of a connection. */
class SimLink implements Link {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly out = new ByteQueue();
  peer!: SimLink;
  readonly #network: SimNetwork;
  readonly #connection: Connection;
  readonly #process: Process;
  readonly #host: string;
  #session: Session | undefined;
  /** Bytes that arrived and that the session has not used. */
  #inbox = new Uint8Array(0);
  /** Bytes of it that still wait in the network. */
  #unread = 0;
  #underWay = 0;
  #lastArrivalMs = 0;
  /** What will happen at the other end, in this order. */
  readonly #onTheWay: (() => void)[] = [];
  #isFlushDue = false;
  #isPaused = false;
  #isEnding = false;
  #hasSentEnd = false;
  #hasPeerEnded = false;
  #isClosed = false;
  #closeReason = "";
  #owesDrained = false;

  constructor(
    network: SimNetwork,
    connection: Connection,
    process: Process,
    host: string,
    peerHost: string,
    peerPort: number,
  ) {
    this.#network = network;
    this.#connection = connection;
    this.#process = process;
    this.#host = host;
    this.peerAddress = peerHost;
    this.peerPort = peerPort;
    process.onDeath(() => this.#die());
  }

  /** Makes the session; what arrived before is offered to it. */
  begin(makeSession: Accept): void {
    const session = makeSession(this);
    // It was reset before it was accepted, or aborted while it was made.
    if (this.#isClosed) session.closed(this.#closeReason);
    this.#session = session;
    this.#offer();
  }

  send(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#process.sending(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#process.after(0, () => this.#offer());
  }

  expect(): void {}

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.send();
  }

  abort(): void {
    this.#close("we closed the connection");
  }

  /** Puts on the way what fits. */
  flush(): void {
    if (this.#isClosed || this.#network.isCut(this.#host, this.peer.#host)) {
      return;
    }
    while (this.out.length > 0 && this.#underWay < UNDER_WAY_MAX) {
      const { world, faults } = this.#network;
      let count = Math.min(this.out.length, UNDER_WAY_MAX - this.#underWay);
      if (world.chance(faults.splitChance)) count = world.between(1, count);
      const piece = this.out.view().slice(0, count);
      this.out.consume(count);
      this.#underWay += count;
      this.#arrive(() => this.peer.#take(piece));
      this.#owesDrained = true;
    }
    if (this.#isEnding && this.out.length === 0 && !this.#hasSentEnd) {
      this.#hasSentEnd = true;
      this.#arrive(() => this.peer.#takeEnd());
    }
    if (this.#owesDrained && this.out.length === 0) {
      this.#owesDrained = false;
      this.#process.after(0, () => {
        if (!this.#isClosed) this.#session?.drained();
      });
    }
  }

  /** The connection is over, by nobody's wish or the other's. */
  learnOfEnd(reason: string): void {
    this.#process.after(0, () => this.#close(reason));
  }

  /** Has something happen at the other end, after what is on its way. */
  #arrive(happen: () => void): void {
    const { world } = this.#network;
    const atMs = Math.max(
      this.#lastArrivalMs,
      world.nowMs() + this.#network.delayBetween(this.#host, this.peer.#host),
    );
    this.#lastArrivalMs = atMs;
    this.#onTheWay.push(happen);
    world.after(atMs - world.nowMs(), () => this.#arriveNext());
  }

  /** The oldest arrives; what meets a cut on its way waits at it. */
  #arriveNext(): void {
    const { world } = this.#network;
    if (this.#network.isCut(this.#host, this.peer.#host)) {
      world.after(20, () => this.#arriveNext());
      return;
    }
    this.peer.#process.handle(this.#onTheWay.shift()!);
  }

  #take(piece: Uint8Array): void {
    if (this.#isClosed) return;
    const joined = new Uint8Array(this.#inbox.length + piece.length);
    joined.set(this.#inbox);
    joined.set(piece, this.#inbox.length);
    this.#inbox = joined;
    this.#unread += piece.length;
    this.#offer();
  }

  #takeEnd(): void {
    this.#hasPeerEnded = true;
    if (this.#isEnding) this.#close("the peer closed the connection");
    else if (!this.#isPaused) this.#session?.ended(this.#inbox.length);
  }

  #offer(): void {
    if (this.#isClosed || this.#isPaused || this.#session === undefined) return;
    const had = this.#inbox.length;
    // Read from the network, whether the session uses it yet or not.
    this.peer.#acknowledged(this.#unread);
    this.#unread = 0;
    if (had > 0) {
      const used = this.#isEnding
        ? had
        : this.#session.received(this.#inbox.slice(), had);
      this.#inbox = this.#inbox.slice(used);
    }
    if (this.#hasPeerEnded && !this.#isEnding && !this.#isClosed) {
      this.#session.ended(this.#inbox.length);
    }
  }

  /** The other end has read so many bytes: there is room for more. */
  #acknowledged(count: number): void {
    this.#underWay -= count;
    if (count > 0) this.#process.after(0, () => this.flush());
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeReason = reason;
    this.#tellPeer();
    this.#session?.closed(reason);
  }

  #die(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tellPeer();
  }

  /** The other end learns that this one is gone, unless it does not matter. */
  #tellPeer(): void {
    this.#connection.forget();
    if (this.peer.#isClosed) return;
    this.#arrive(() => {
      this.peer.#close(
        this.#hasSentEnd
          ? "the peer closed the connection"
          : "the peer reset the connection",
      );
    });
  }
}
