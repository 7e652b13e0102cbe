/**
 * The orders of all clients that were met, by their ids.
 *
 * A record that lacks others before it waits for them. Whoever reads to an end
 * waits for as long as that takes; whoever follows has no end, and goes on
 * without them after a while.
 *
 * @module
 */

import { nameOf } from "../base/names.ts";
import type { Clock } from "../base/ports.ts";
import { ClientOrder, type Emit } from "./client_order.ts";
import type { Line } from "./events.ts";
import { RETURN_MS_MAX } from "./source.ts";

/**
 * Time for which a follower holds records back for those in front of them that
 * no data node has brought, in ms. What comes after that comes out of order.
 */
const HOLE_MS_MAX = RETURN_MS_MAX;

/** Puts records in the order of their clients, each client's by itself. */
export class ClientOrders {
  readonly #clock: Clock;
  readonly #emit: Emit<Line>;
  readonly #orders = new Map<string, ClientOrder<Line>>();
  /** Orders in which records wait for others, and since when. */
  readonly #waiting = new Map<ClientOrder<Line>, number>();

  constructor(clock: Clock, emit: Emit<Line>) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The orders by client id. */
  get all(): ReadonlyMap<string, ClientOrder<Line>> {
    return this.#orders;
  }

  /**
   * Takes a record, which is copied if it has to wait.
   *
   * @param isCertain See {@linkcode ClientOrder.add}.
   * @param isTimed Whether {@linkcode passHoles} is to mind it, should it wait.
   */
  take(line: Line, isCertain: boolean, isTimed: boolean): void {
    const { sequence, floor } = line.record;
    const order = this.#orderOf(line);
    order.add(sequence, floor, isCertain, line, copyOf, this.#emit);
    if (!isTimed) return;
    if (order.waiting === 0) this.#waiting.delete(order);
    else if (!this.#waiting.has(order)) {
      this.#waiting.set(order, this.#clock.nowMs());
    }
  }

  /** Waits no longer for what records have waited for long enough. */
  passHoles(nowMs: number): void {
    for (const [order, sinceMs] of this.#waiting) {
      if (nowMs - sinceMs < HOLE_MS_MAX) continue;
      order.end(this.#emit);
      this.#waiting.delete(order);
    }
  }

  /** Takes all that waits: nothing more will come. */
  end(): void {
    for (const order of this.#orders.values()) order.end(this.#emit);
  }

  #orderOf({ bytes, record }: Line): ClientOrder<Line> {
    const id = nameOf(bytes, record.clientStart, record.clientEnd);
    const known = this.#orders.get(id);
    if (known !== undefined) return known;
    const order = new ClientOrder<Line>();
    this.#orders.set(id, order);
    return order;
  }
}

/** A line of its own, in which the record begins at 0. */
function copyOf({ bytes, record }: Line): Line {
  const { start, payloadEnd } = record;
  return {
    bytes: bytes.slice(start, payloadEnd),
    record: {
      ...record,
      start: 0,
      holdersStart: record.holdersStart - start,
      holdersEnd: record.holdersEnd - start,
      clientStart: record.clientStart - start,
      clientEnd: record.clientEnd - start,
      payloadStart: record.payloadStart - start,
      payloadEnd: payloadEnd - start,
    },
  };
}
