/**
 * Heads, data nodes and clients of a world: the real cores, run by a simulated
 * clock, network and disk.
 */

import assert from "node:assert/strict";
import { ClientCore } from "../../lib/client/core.ts";
import { DataCore } from "../../lib/data/core.ts";
import type { Batch } from "../../lib/head/delivery/batch.ts";
import { HeadCore, type HeadOptions } from "../../lib/head/core.ts";
import type { Member } from "../../lib/head/members/member.ts";
import type { ReturningMember } from "../../lib/head/members/former_member.ts";
import { type NodesFile, parseNodes } from "../../lib/store/nodes_file.ts";
import { newClientId, newNodeId } from "../../lib/base/random_names.ts";
import {
  CLIENT_WINDOW_BYTES,
  MEMBER_WINDOW_BYTES,
} from "../../lib/base/limits.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { ReaderCore } from "../../lib/reader/core.ts";
import { unescapeInto } from "../../lib/wire/escape.ts";
import type { Recovery } from "../../lib/store/journal_opening.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { KnownState, NO_MESSAGES } from "../../lib/wire/known_nodes.ts";
import { findLineEnd } from "../../lib/wire/line.ts";
import type { History, Sent } from "./history.ts";
import { type DiskFaults, SimDisk } from "./sim_disk.ts";
import type { SimNetwork } from "./sim_network.ts";
import { Process } from "./world.ts";

/** What a head is in a simulation, unless a test says otherwise. */
export const headDefaults: HeadOptions = {
  replicas: 1,
  minReplicas: 1,
  placement: "random",
  heldBytesMax: 256 * 1024,
  connectionsMax: 1000,
  clientWindowBytes: CLIENT_WINDOW_BYTES,
  memberWindowBytes: MEMBER_WINDOW_BYTES,
  heartbeatIntervalMs: 1_000,
  repairAfterMs: Infinity,
  repairBytesPerSecond: 1024 * 1024,
  memory: undefined,
};

/** After which a ping counts as unanswered, in ms. */
const PING_TIMEOUT_MS = 2_000;

const ignore = () => {};

/** A host with a head, which can be started again and again. */
export class SimHead {
  readonly host: string;
  readonly #network: SimNetwork;
  /** Its flags; those of its next life, when they are changed. */
  options: HeadOptions;
  /** Hosts that are being pinged. */
  readonly #asked = new Set<string>();
  process: Process;
  core!: HeadCore;
  /** What a file keeps for its next life; undefined when it is lost. */
  memory: NodesFile | undefined;
  /** Whether that file can be written. */
  isFull = false;
  /** Is told of every batch that is placed. */
  onPlaced: (batch: Batch) => void = ignore;
  /** Is told which data node has stored something. */
  onStored: (nodeId: string) => void = ignore;
  /** Is told that copies were made again, and why some may be missing. */
  onRepaired: (doubt: string | undefined) => void = ignore;
  /** Is told what the head thinks of a data node now. */
  onJudged: (
    judgement: "suspect" | "trusted" | "dead" | "left",
    host: string,
  ) => void = ignore;
  /** Is told of data nodes that join, and what they were before. */
  onJoined: (before: ReturningMember | undefined) => void = ignore;

  constructor(network: SimNetwork, host: string, options: HeadOptions) {
    this.#network = network;
    this.host = host;
    this.options = options;
    this.process = new Process(network.world, host);
    this.start();
  }

  get address(): string {
    return `${this.host}:5000`;
  }

  /** Whether it remembers no data node that is away, but for repaired ones. */
  get missesNobody(): boolean {
    const here = new Set(this.core.members.map(({ id }) => id));
    const nodes = this.memory?.nodes ?? [];
    return nodes.every(({ id, state, copies }) =>
      state !== KnownState.known || copies === NO_MESSAGES || here.has(id)
    );
  }

  /** Ids of the data nodes that it knows. */
  get knownIds(): string[] {
    if (this.process.isDead || this.process.isStopped) return [];
    const nodes = this.memory?.nodes ?? [];
    return [...nodes, ...this.core.members].map(({ id }) => id);
  }

  /** Whether it would know how far a data node is if it were killed now. */
  hasNoted(nodeId: string): boolean {
    const end = this.core.members.find(({ id }) => id === nodeId)?.end;
    const noted = this.memory?.nodes.find(({ id }) => id === nodeId)?.end;
    return end !== undefined && end === (noted ?? 0);
  }

  /** Whether it knows of enough copies of all that members have. */
  get knowsAllCopies(): boolean {
    const here = new Set(this.core.members.map(({ id }) => id));
    const nodes = this.memory?.nodes ?? [];
    return nodes.every(({ id, copies }) =>
      copies >= this.options.replicas || !here.has(id)
    );
  }

  start(): void {
    const { world } = this.#network;
    this.process = new Process(world, this.host);
    this.#asked.clear();
    const judge =
      (judgement: Parameters<SimHead["onJudged"]>[0]) => ({ link }: Member) =>
        this.onJudged(judgement, link.peerAddress);
    const { memory } = this;
    this.core = new HeadCore({ ...this.options, memory }, {
      saveNodes: (file) => {
        if (this.isFull) return "No space left on device (os error 28)";
        this.memory = file;
        return undefined;
      },
      clock: world,
      turn: this.process,
      random: world.random,
      strongRandom: world.random,
      events: {
        refusedPeer: ignore,
        clientJoined: ignore,
        clientLeft: ignore,
        memberJoined: (_member, _encoding, before) => this.onJoined(before),
        memberSuspected: (member) => {
          judge("suspect")(member);
          this.#ask(member.link.peerAddress);
        },
        memberTrusted: judge("trusted"),
        memberDied: judge("dead"),
        memberLeft: judge("left"),
        nodesUnsaved: ignore,
        memberLost: ignore,
        memberUnwell: ignore,
        nodeForgotten: ignore,
        memberDamaged: ignore,
        repairBegan: ignore,
        repairing: ignore,
        repaired: (_progress, _sinceMs, doubt) => this.onRepaired(doubt),
        repairLacks: ignore,
        repairRefused: ignore,
        repairGivenUp: ignore,
        fewToCopyTo: ignore,
        enoughToCopyTo: ignore,
        memberDraining: ignore,
        memberDrained: ignore,
        placed: (batch) => this.onPlaced(batch),
        stored: (_batch, { id, isReadable }) => {
          if (isReadable) this.onStored(id);
        },
        memberRefused: ignore,
        refused: ignore,
        holding: ignore,
        stuck: ignore,
        released: ignore,
        fewerCopies: ignore,
      },
    });
    const core = this.core;
    this.#network.listen(this.host, this.process, (link) => core.accept(link));
    this.process.every(() => core.tick());
    this.#beat();
  }

  /** Pings hosts, again and again, as long as it lives. */
  #beat(): void {
    for (const address of this.core.hosts()) this.#ask(address);
    const { heartbeatIntervalMs } = this.options;
    this.process.after(heartbeatIntervalMs, () => this.#beat());
  }

  /** Pings a host, unless it is being pinged; as roles/head.ts does. */
  #ask(address: string): void {
    if (this.#asked.has(address)) return;
    this.#asked.add(address);
    const takesMs = this.#network.ping(this.host, address);
    const isAnswered = takesMs !== undefined && takesMs < PING_TIMEOUT_MS;
    this.process.after(isAnswered ? takesMs : PING_TIMEOUT_MS, () => {
      this.#asked.delete(address);
      const state = this.core.pinged(address, isAnswered);
      if (!isAnswered && state === "doubtful") this.#ask(address);
    });
  }
}

/** A host with a data node and its disk. */
export class SimData {
  host: string;
  disk: SimDisk;
  nodeId: string;
  readonly #faults: DiskFaults;
  readonly #network: SimNetwork;
  readonly #heads: readonly string[];
  process: Process;
  core!: DataCore;
  recovery!: Recovery;
  /** Whether it has ever told that records are damaged or gone. */
  hasToldDamage = false;
  /** How often it said that others remember it to have been further. */
  outruns = 0;

  constructor(
    network: SimNetwork,
    host: string,
    heads: readonly string[],
    faults: DiskFaults,
  ) {
    this.#network = network;
    this.host = host;
    this.#heads = heads;
    this.#faults = faults;
    this.nodeId = newNodeId(network.world.random);
    this.disk = new SimDisk(network.world, faults);
    this.process = new Process(network.world, host);
    this.start();
  }

  /** Ids of the data nodes that it has written down. */
  get knownIds(): string[] {
    const file = this.disk.files.get("peers.state");
    const { isDead, isStopped } = this.process;
    if (isDead || isStopped || file === undefined) return [];
    const { nodes } = parseNodes(textOf(file.bytes, 0, file.length));
    return nodes.map(({ id }) => id);
  }

  start(): void {
    const { world } = this.#network;
    const process = new Process(world, this.host);
    this.process = process;
    this.core = new DataCore({
      nodeId: this.nodeId,
      heads: this.#heads,
      scrubIntervalMs: 5_000,
    }, {
      clock: world,
      random: world.random,
      strongRandom: world.random,
      turn: process,
      dialer: this.#network.dialer(this.host, process),
      disk: this.disk.usedBy(process),
      events: {
        headJoined: ignore,
        damaged: () => this.hasToldDamage = true,
        scrubbed: ignore,
        twinMet: ignore,
        headLost: ignore,
        appended: ignore,
        committed: ignore,
        sealed: ignore,
        lost: ({ name }) => {
          this.hasToldDamage = true;
          const isNoted = this.core.losses.some((loss) => loss.name === name);
          assert.ok(isNoted, `the loss of ${name} is told, and not noted`);
        },
        outrun: () => {
          this.hasToldDamage = true;
          this.outruns++;
        },
        peersUnread: ignore,
        diskFailed: ignore,
      },
    });
    const core = this.core;
    this.recovery = core.open();
    if (core.isDamaged) this.hasToldDamage = true;
    core.start();
    process.every(() => core.tickClock());
  }

  /** As a machine whose disk is gone: it is another data node from now on. */
  loseDisk(): void {
    const { world } = this.#network;
    this.process.kill();
    this.nodeId = newNodeId(world.random);
    this.disk = new SimDisk(world, this.#faults);
  }

  /** As a machine that is shut down, and back with another address. */
  moveTo(host: string): void {
    this.process.kill();
    this.host = host;
    this.start();
  }

  /** As kill -9, or, with its machine, as a power cut. */
  kill(power: "stays" | "lost"): void {
    this.process.kill();
    if (power === "lost") this.disk.losePower();
  }
}

/** A client that speaks frames: the real core. */
export class SimClient {
  readonly process: Process;
  readonly core: ClientCore;
  readonly #history: History;
  readonly #sent = new Map<number, Sent>();
  readonly name: string;
  #count = 0;
  #isSilent = false;

  constructor(
    network: SimNetwork,
    host: string,
    heads: readonly string[],
    history: History,
  ) {
    const { world } = network;
    this.name = host;
    this.#history = history;
    this.process = new Process(world, host);
    this.core = new ClientCore({
      to: heads,
      clientId: newClientId(world.random),
      peer: "auto",
    }, {
      clock: world,
      random: world.random,
      dialer: network.dialer(host, this.process),
      events: {
        connected: ignore,
        lost: ignore,
        postponed: ignore,
        silent: ignore,
        answering: ignore,
        room: ignore,
        answered: (first, count, { holders }) => {
          for (let sequence = first; sequence < first + count; sequence++) {
            const sent = this.#sent.get(sequence)!;
            this.#sent.delete(sequence);
            sent.answer = holders.map((holder) => holder.address);
          }
        },
        rejected: (_sequence, kind, reason) => {
          throw new Error(`Rejected: ${kind.word}: ${reason}`);
        },
      },
    });
    this.core.start();
    this.process.every(() => this.core.tick());
  }

  get unanswered(): number {
    return this.#sent.size;
  }

  /** For how long the oldest message has waited for its answer, in ms. */
  get waitedMs(): number {
    for (const { sentMs } of this.#sent.values()) {
      return this.process.world.nowMs() - sentMs;
    }
    return 0;
  }

  /** From now on {@linkcode send} sends nothing. */
  stopSending(): void {
    this.#isSilent = true;
  }

  /** Sends one message more. */
  send(makeText: (name: string) => string): void {
    if (!this.core.hasRoom || this.#isSilent) return;
    const text = makeText(`${this.name}#${++this.#count}`);
    const sent = this.#history.sends(text, this.process.world.nowMs());
    this.#sent.set(this.core.add(bytesOf(text)), sent);
    this.process.sending(() => this.core.pump());
  }
}

/** A client that speaks lines or chunks, as an original program does. */
export class TextClient implements Session {
  readonly process: Process;
  readonly name: string;
  readonly #network: SimNetwork;
  readonly #head: string;
  readonly #ending: string;
  readonly #history: History;
  readonly #sent: Sent[] = [];
  #link: Link | undefined;
  #isServed = false;
  #count = 0;

  constructor(
    network: SimNetwork,
    host: string,
    head: string,
    history: History,
    encoding: "line" | "chunk",
  ) {
    this.name = host;
    this.#network = network;
    this.#head = head;
    this.#ending = encoding === "line" ? "\n" : "";
    this.#history = history;
    this.process = new Process(network.world, host);
    this.#dial();
  }

  get unanswered(): number {
    return this.#sent.length;
  }

  /** Sends one message more, if it is connected and it may. */
  send(makeText: (name: string) => string): void {
    // Chunks sent close together would be read as one.
    const inFlightMax = this.#ending === "" ? 1 : 20;
    if (!this.#isServed || this.#sent.length >= inFlightMax) return;
    const text = makeText(`${this.name}#${++this.#count}`);
    this.#sent.push(this.#history.sends(text));
    this.#say(text);
  }

  received(bytes: Uint8Array, length: number): number {
    if (this.#ending === "") {
      this.#take(textOf(bytes, 0, length));
      return length;
    }
    let at = 0;
    for (;;) {
      const lf = findLineEnd(bytes, at, length);
      if (lf < 0) return at;
      this.#take(textOf(bytes, at, lf));
      at = lf + 1;
    }
  }

  ended(): void {
    this.#link?.end();
  }

  drained(): void {}

  closed(): void {
    this.#link = undefined;
    this.#isServed = false;
    // Nobody knows what became of these: there is no answer to tell.
    this.#sent.length = 0;
    this.process.after(300, () => this.#dial());
  }

  #dial(): void {
    this.#network.dialer(this.name, this.process).dial(
      this.#head,
      (link) => {
        this.#link = link;
        this.#say("peticion");
        return this;
      },
      () => this.process.after(300, () => this.#dial()),
    );
  }

  #take(answer: string): void {
    if (!this.#isServed) {
      if (answer !== "confirmacion") throw new Error(`Handshake: '${answer}'`);
      this.#say("cliente");
      // As the originals, it lets a moment pass before its first message.
      const link = this.#link;
      this.process.after(500, () => this.#isServed = this.#link === link);
      return;
    }
    const sent = this.#sent.shift();
    if (sent === undefined) throw new Error(`Unasked for: '${answer}'`);
    const addresses = /^(.*) , mensaje: recibido$/.exec(answer)?.[1];
    if (addresses !== undefined) sent.answer = addresses.split(", ");
    else if (!answer.startsWith("error ")) throw new Error(`Got '${answer}'`);
  }

  #say(text: string): void {
    this.#link!.out.append(bytesOf(text + this.#ending));
    this.#link!.send();
  }
}

/** A data node of 2019: it answers, and keeps nothing that can be read. */
export class OriginalData implements Session {
  readonly #network: SimNetwork;
  readonly #host: string;
  readonly #head: string;
  readonly process: Process;
  #link: Link | undefined;
  #isJoined = false;

  constructor(network: SimNetwork, host: string, head: string) {
    this.#network = network;
    this.#host = host;
    this.#head = head;
    this.process = new Process(network.world, host);
    this.#dial();
  }

  received(bytes: Uint8Array, length: number): number {
    const text = textOf(bytes, 0, length);
    if (this.#isJoined) this.#say("recibido");
    else if (text === "confirmacion") {
      this.#isJoined = true;
      this.#say("dataNode");
    }
    return length;
  }

  ended(): void {
    this.#link?.end();
  }

  drained(): void {}

  closed(): void {
    this.#isJoined = false;
    this.process.after(300, () => this.#dial());
  }

  #dial(): void {
    this.#network.dialer(this.#host, this.process).dial(
      this.#head,
      (link) => {
        this.#link = link;
        this.#say("peticion");
        return this;
      },
      () => this.process.after(300, () => this.#dial()),
    );
  }

  #say(text: string): void {
    this.#link!.out.append(bytesOf(text));
    this.#link!.send();
  }
}

/** A message as a reader gave it. */
export interface ReadBack {
  readonly clientId: string;
  readonly sequence: number;
  readonly text: string;
}

/** A reader on a host of its own: the real core, read to its end. */
export class SimReader {
  readonly messages: ReadBack[] = [];
  readonly missing: string[] = [];
  isFinished = false;
  onFinished: () => void = ignore;
  readonly process: Process;
  readonly #core: ReaderCore;

  constructor(
    network: SimNetwork,
    host: string,
    heads: readonly string[],
    follow = false,
  ) {
    const { world } = network;
    const process = new Process(world, host);
    this.process = process;
    this.#core = new ReaderCore({ heads, id: "reader", follow }, {
      clock: world,
      random: world.random,
      dialer: network.dialer(host, process),
      events: {
        connected: ignore,
        lost: ignore,
        copy: ignore,
        message: ({ bytes, record }) => {
          const { payloadStart, payloadEnd } = record;
          const payload = bytes.slice(payloadStart, payloadEnd);
          const end = unescapeInto(payload, 0, payload, 0, payload.length);
          this.messages.push({
            clientId: textOf(bytes, record.clientStart, record.clientEnd),
            sequence: record.sequence,
            text: textOf(payload, 0, end),
          });
        },
        missing: (reason) => this.missing.push(reason),
        ready: ignore,
        finished: () => {
          this.isFinished = true;
          this.onFinished();
        },
      },
    });
    this.#core.start();
    process.every(() => {
      this.#core.tick();
      while (this.#core.take(world.between(1, 50)));
    });
  }

  /** Has a follower go on to what is there now, and then end. */
  stopFollowing(): void {
    this.#core.stopFollowing();
  }
}
