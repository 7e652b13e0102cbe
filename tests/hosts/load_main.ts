/**
 * Clients at work on a host of their own: `load_main.ts HOST:PORT[,HOST:PORT…]`.
 *
 * Four clients send a message every 10 ms each, whether they are answered or
 * not. When standard input ends they send no more, wait for all answers, and
 * what came of it is printed as one line of JSON.
 */

import { connect } from "../../mod.ts";

/** What is printed in the end. */
export interface LoadReport {
  /** Messages that each client has sent: `c0#1`, `c0#2`, …; all answered. */
  readonly sent: readonly number[];
  /** Longest time from a message to its answer, in ms. */
  readonly stallMs: number;
  /** Connections that were lost, with the reasons. */
  readonly losses: readonly string[];
  /** Messages that were answered with an error. */
  readonly errors: readonly string[];
}

const CLIENTS = 4;

/** Pause between two messages of a client, in ms. */
const PAUSE_MS = 10;

/** Answers after which the load is told to be at work. */
const AT_WORK = 200;

async function main(to: readonly string[]): Promise<void> {
  const sent = Array.from({ length: CLIENTS }, () => 0);
  const losses: string[] = [];
  const errors: string[] = [];
  let stallMs = 0;
  let answers = 0;
  const clients = sent.map(() =>
    connect({
      to,
      events: {
        lost: (address, reason) => void losses.push(`${address}: ${reason}`),
      },
    })
  );

  async function send(k: number): Promise<void> {
    const text = `c${k}#${++sent[k]!}`;
    const sentMs = performance.now();
    try {
      await clients[k]!.send(text);
    } catch (error) {
      errors.push(`${text}: ${error}`);
    }
    stallMs = Math.max(stallMs, performance.now() - sentMs);
    if (++answers === AT_WORK) console.log("at work");
  }

  const timers = clients.map((_, k) => setInterval(() => send(k), PAUSE_MS));
  for await (const _ of Deno.stdin.readable);
  for (const timer of timers) clearInterval(timer);
  for (const client of clients) {
    await client.flush();
    await client.close();
  }
  const report: LoadReport = { sent, stallMs, losses, errors };
  console.log(JSON.stringify(report));
}

if (import.meta.main) await main(Deno.args[0]!.split(","));
