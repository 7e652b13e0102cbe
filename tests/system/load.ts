/** Clients at load, and whether everything they were promised is read back. */

import assert from "node:assert/strict";
import { type Client, connect } from "../../mod.ts";
import { runNode, type Target } from "../support/program.ts";

const SENDERS = 4;
/** Messages that each sender has in flight. */
const LANES = 50;

/** A load that goes on until it is finished. */
export interface Load {
  readonly sent: ReadonlySet<string>;
  /** Connections that were lost, with the reasons. */
  readonly losses: readonly string[];
  /** Messages acknowledged so far, in the order in which they were. */
  readonly acknowledged: ReadonlySet<string>;
  readonly acknowledgedCount: number;
  /** Waits until so many more are acknowledged. */
  more(count: number): Promise<void>;
  /** Waits for the last answers. @returns All that were acknowledged. */
  finish(): Promise<ReadonlySet<string>>;
}

/** What was read, compared with what was sent. */
export interface Comparison {
  readonly acknowledged: number;
  readonly read: number;
  /** Acknowledged, and not read. */
  readonly lost: number;
  readonly doubled: number;
  readonly misordered: number;
}

/**
 * Clients of the library that send as fast as they are answered.
 *
 * @param pauseMs Or so much slower, where what matters is that they do.
 */
export function startLoad(
  to: string | readonly string[],
  pauseMs = 0,
): Load {
  const sent = new Set<string>();
  const losses: string[] = [];
  const acknowledged = new Set<string>();
  const waiting = new Set<() => void>();
  let isOver = false;
  const events = {
    lost: (address: string, reason: string) =>
      void losses.push(`${address}: ${reason}`),
  };
  const clients = Array.from(
    { length: SENDERS },
    () => connect({ to, events }),
  );
  const lanes = clients.flatMap((client, k) => {
    let n = 0;
    const sendOnAndOn = async (client: Client) => {
      while (!isOver) {
        const text = `c${k}#${++n}`;
        sent.add(text);
        await client.send(text);
        acknowledged.add(text);
        for (const look of waiting) look();
        if (pauseMs > 0) await pause(pauseMs);
      }
    };
    return Array.from({ length: LANES }, () => sendOnAndOn(client));
  });
  const all = Promise.all(lanes);
  return {
    sent,
    losses,
    acknowledged,
    get acknowledgedCount() {
      return acknowledged.size;
    },
    async more(count) {
      const enough = acknowledged.size + count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (acknowledged.size >= enough) resolve();
      };
      waiting.add(look);
      // Should a lane fail, that is what is wrong.
      await Promise.race([promise, all]);
      waiting.delete(look);
    },
    async finish() {
      isOver = true;
      await all;
      for (const client of clients) await client.close();
      return acknowledged;
    },
  };
}

/** Reads until nothing is missing: data nodes may be on their way back. */
export async function readAll(target: Target, to: string): Promise<string[]> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const { code, out, errors } = await runNode(
      target,
      `--role client --to ${to} --read`,
    );
    if (code === 0) return out.split("\n");
    assert.ok(
      performance.now() < endMs,
      `it cannot be read back: ${errors}`,
    );
  }
}

/** Compares what was read with what was sent and acknowledged. */
export function compare(
  acknowledged: ReadonlySet<string>,
  sent: ReadonlySet<string>,
  texts: readonly string[],
): Comparison {
  const read = new Set<string>();
  const last = new Map<string, number>();
  let doubled = 0;
  let misordered = 0;
  for (const text of texts) {
    assert.ok(sent.has(text), `'${text}' was never sent`);
    if (read.has(text)) doubled++;
    read.add(text);
    const [client = "", number] = text.split("#");
    if (Number(number) <= (last.get(client) ?? 0)) misordered++;
    last.set(client, Number(number));
  }
  let lost = 0;
  for (const text of acknowledged) if (!read.has(text)) lost++;
  return {
    acknowledged: acknowledged.size,
    read: read.size,
    lost,
    doubled,
    misordered,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
