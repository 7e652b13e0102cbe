/**
 * The head: clients hand it messages, it places each on data nodes, and tells
 * the client where it is kept.
 *
 * A state machine without I/O: connections, clock and randomness come in
 * through ports.ts; `tick` moves its deadlines. What happens when something
 * fails:
 * - a client leaves: its messages that arrived are still stored;
 * - a data node leaves, hangs or refuses: what was in flight to it goes to
 *   others (delivery.ts);
 * - no data node is there: messages wait, up to a bound, then clients do.
 *
 * @module
 */

import { UNGREETED_CONNECTIONS_MAX } from "../base/limits.ts";
import type { Clock, Link, Random, Session, Turn } from "../base/ports.ts";
import { AttentiveClock } from "../liveness/attentive_clock.ts";
import { randomName } from "../base/random_names.ts";
import type { NodesFile } from "../store/nodes_file.ts";
import { WireError } from "../wire/errors.ts";
import type { HeadContext } from "./context.ts";
import { CopyShortage } from "./repair/copy_shortage.ts";
import { Delivery } from "./delivery/delivery.ts";
import type { HeadEvents } from "./events.ts";
import { FailureDetector, type HostState } from "./members/failure_detector.ts";
import type { Member } from "./members/member.ts";
import { Membership } from "./members/membership.ts";
import { HeadConnection } from "./connection.ts";
import { type PlacementName, placementOf } from "./delivery/placement.ts";
import { Repairer } from "./repair/repairer.ts";
import { Roster } from "./members/roster.ts";

/** How a head is set up. */
export interface HeadOptions {
  /** Copies of each message. */
  readonly replicas: number;
  /** Copies that suffice while fewer data nodes than `replicas` live. */
  readonly minReplicas: number;
  readonly placement: PlacementName;
  /** Bytes of messages held unanswered, of all clients together. */
  readonly heldBytesMax: number;
  /** Connections of all kinds at once. */
  readonly connectionsMax: number;
  /** Bytes of one client's messages held unanswered. */
  readonly clientWindowBytes: number;
  /** Bytes placed on one data node and not yet stored. */
  readonly memberWindowBytes: number;
  /** From one heartbeat to the next, in ms. */
  readonly heartbeatIntervalMs: number;
  /** Time away after which a data node is taken for lost, in ms. */
  readonly repairAfterMs: number;
  /** Bytes read in a second while copies are made again. */
  readonly repairBytesPerSecond: number;
  /**
   * What earlier lives of this head knew of data nodes; undefined when it has
   * no memory, because it is new or has lost it.
   */
  readonly memory: NodesFile | undefined;
}

/** What a head core needs from outside. */
export interface HeadPorts {
  readonly clock: Clock;
  readonly turn: Turn;
  /** For placement. */
  readonly random: Random;
  /** For names that must not repeat. */
  readonly strongRandom: Random;
  readonly events: HeadEvents;
  /** Keeps what is known of data nodes, synced. @returns Why it cannot. */
  saveNodes(file: NodesFile): string | undefined;
}

/**
 * Ticks in which each connection is looked at once: a quarter of a second, half
 * of what passes between two busy beats, the shortest deadline of a client. Ten
 * thousand idle ones would cost a tenth of a processor with each tick.
 */
const TICKS_A_ROUND = 5;

/** Length of the name that begins the ids of clients without one. */
const HEAD_ID_LENGTH = 8;

/** The head without its sockets: puts its parts together, and moves time. */
export class HeadCore {
  readonly #options: HeadOptions;
  readonly #context: HeadContext;
  readonly #clock: AttentiveClock;
  readonly #detector: FailureDetector;
  readonly #shortage: CopyShortage;
  readonly #connections = new Set<HeadConnection>();
  /** Those whose deadlines are not moved yet in this round. */
  #round: Iterator<HeadConnection, undefined> = this.#connections.values();
  /** How many they are; who comes now has to wait for the next round. */
  #roundLeft = 0;
  #greeting = 0;
  #draining = false;

  constructor(options: HeadOptions, ports: HeadPorts) {
    this.#options = options;
    const { heartbeatIntervalMs } = options;
    const { events } = ports;
    const clock = new AttentiveClock(ports.clock);
    const members: Member[] = [];
    const delivery = new Delivery(
      options,
      members,
      placementOf(options.placement, ports.random),
      { ...ports, clock },
    );
    const roster = new Roster(
      options.memory,
      randomName(ports.strongRandom, HEAD_ID_LENGTH),
      {
        save: (file) => ports.saveNodes(file),
        tell: (nodes, except) => {
          for (const member of members) {
            if (member !== except) member.tell(nodes);
          }
        },
        unsaved: (reason) => events.nodesUnsaved(reason),
        lost: (member, bytes) => {
          events.memberLost(member, bytes);
          delivery.lost(member.id);
          repairer.ask();
        },
      },
      clock.nowMs(),
    );
    delivery.ledger = roster;
    const membership = new Membership(members, delivery, roster, clock, events);
    const repairer = new Repairer(
      options,
      membership,
      roster,
      clock,
      ports.random,
      events,
    );
    this.#shortage = new CopyShortage(
      options,
      membership,
      roster,
      clock,
      events,
    );
    let clients = 0;
    this.#clock = clock;
    this.#detector = new FailureDetector(
      membership,
      delivery,
      clock,
      events,
    );
    this.#context = {
      ...ports,
      clock,
      heartbeatIntervalMs,
      clientWindowBytes: options.clientWindowBytes,
      memberWindowBytes: options.memberWindowBytes,
      headId: randomName(ports.strongRandom, HEAD_ID_LENGTH),
      delivery,
      roster,
      repairer,
      membership,
      nextClientNumber: () => ++clients,
    };
  }

  /** The members of now. */
  get members(): readonly Member[] {
    return this.#context.membership.members;
  }

  /** Connections of now, of all kinds. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Messages that no client has been answered for. */
  get heldMessages(): number {
    return this.#context.delivery.held.messages;
  }

  /** Batches that somebody waits for, answered ones among them. */
  get batches(): number {
    return this.#context.delivery.batches;
  }

  /** Takes a new connection. */
  accept(link: Link): Session {
    const connection = new HeadConnection(this.#context, link, {
      refusal: () => this.#refusal(),
      greeted: () => this.#greeting--,
      left: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(connection);
    this.#greeting++;
    if (this.#greeting > UNGREETED_CONNECTIONS_MAX) {
      connection.refuse(
        WireError.full,
        `${UNGREETED_CONNECTIONS_MAX} connections have not said who they ` +
          "are, the limit",
      );
    }
    return connection;
  }

  /** Why no peer more is served, if so. */
  #refusal() {
    const { connectionsMax } = this.#options;
    if (this.#draining) {
      return { kind: WireError.draining, reason: "this head is going down" };
    }
    return this.#connections.size - this.#greeting < connectionsMax
      ? undefined
      : {
        kind: WireError.full,
        reason: `this head serves ${connectionsMax} connections, its limit`,
      };
  }

  /** Moves deadlines; to be called every `TICK_MS`. */
  tick(): void {
    this.#clock.tick();
    const nowMs = this.#clock.nowMs();
    this.#tickSome(nowMs);
    this.#detector.tick();
    const { delivery, repairer, roster } = this.#context;
    delivery.review();
    roster.tick(nowMs);
    if (this.#draining) return;
    repairer.tick();
    this.#shortage.tick();
  }

  /** Moves the deadlines of the connections whose turn it is. */
  #tickSome(nowMs: number): void {
    const count = Math.ceil(this.#connections.size / TICKS_A_ROUND);
    for (let i = 0; i < count; i++) {
      let next = this.#roundLeft > 0 ? this.#round.next() : undefined;
      if (next === undefined || next.done === true) {
        this.#round = this.#connections.values();
        this.#roundLeft = this.#connections.size;
        next = this.#round.next();
      }
      this.#roundLeft--;
      next.value?.tick(nowMs);
    }
  }

  /** The addresses of the members: what a heartbeat pings. */
  hosts(): string[] {
    return this.#detector.hosts();
  }

  /** A host was pinged. @returns What is to be thought of it now. */
  pinged(address: string, hasAnswered: boolean): HostState {
    return this.#detector.pinged(address, hasAnswered);
  }

  /**
   * Takes no new connection and no new message; what is in flight goes on.
   * When {@linkcode heldMessages} is 0, it is time to {@linkcode close}.
   */
  drain(): void {
    this.#draining = true;
    this.#context.delivery.held.shut();
  }

  /** Closes every connection, after what was written to it. */
  close(): void {
    this.#context.membership.dissolve();
    for (const connection of [...this.#connections]) {
      connection.goAway("this head is going down");
    }
  }
}
