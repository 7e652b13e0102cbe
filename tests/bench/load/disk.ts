/**
 * What a disk does by itself: writes all messages that would be in flight
 * behind the others, syncs, and begins again. Takes the same order as the load
 * generator, prints the same results; nothing could answer sooner.
 */

import { writeAllSync } from "../../../lib/system/write_all.ts";
import { Histogram } from "./histogram.ts";
import { type LoadOrder, type LoadResult, MEASURING } from "./order.ts";

const order: LoadOrder = JSON.parse(Deno.args[0]!);
const messages = order.connections * order.window;
const bytes = new Uint8Array(messages * order.payloadBytes).fill(46);
const path = `${order.directory}/data.txt`;
using file = Deno.openSync(path, { create: true, append: true });
const latency = new Histogram();

run(order.warmUpMs);
console.log(MEASURING);
const startMs = performance.now();
const syncs = run(order.measuredMs, latency);
const result: LoadResult = {
  answered: syncs * messages,
  measuredMs: performance.now() - startMs,
  p50: order.window === 1 ? latency.quantile(0.5) : null,
  p99: order.window === 1 ? latency.quantile(0.99) : null,
};
console.log(JSON.stringify(result));

/** @returns How many syncs were made. */
function run(ms: number, latency?: Histogram): number {
  const endMs = performance.now() + ms;
  let syncs = 0;
  for (let nowMs = performance.now(); nowMs < endMs; syncs++) {
    writeAllSync(file, bytes);
    file.syncDataSync();
    const afterMs = performance.now();
    latency?.add((afterMs - nowMs) * 1000);
    nowMs = afterMs;
  }
  return syncs;
}
