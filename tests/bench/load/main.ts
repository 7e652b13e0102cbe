/**
 * The load generator: so many connections with so many messages in flight each,
 * to any peer it has a protocol for. One process, one event loop, the same for
 * all. What it measured is printed as a line of JSON.
 */

import { bytesOf } from "../../../lib/base/ascii.ts";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { Histogram } from "./histogram.ts";
import { type LoadOrder, type LoadResult, MEASURING } from "./order.ts";
import { type BenchSession, type NewSession, writeAll } from "./protocol.ts";
import { protocols } from "./protocols.ts";

/** The measured time is at most so many times what was ordered. */
const MEASURED_TIMES_MAX = 5;

/** Fits whatever a peer sends at once; partial answers wait in it. */
const BUFFER_BYTES = 256 * 1024;

const order: LoadOrder = JSON.parse(Deno.args[0]!);
if (order.protocol === "disk") throw new Error("a disk speaks no protocol");
const newSession: NewSession = protocols[order.protocol];
const payload = bytesOf("numero random: 42".padEnd(order.payloadBytes, "."));
const latency = new Histogram();
const sessions: BenchSession[] = [];
let isMeasured = false;
let isOver = false;

const lanes: Promise<void>[] = [];
for (let i = 0; i < order.connections; i++) lanes.push(work(await connect(i)));
await Promise.race([pause(order.warmUpMs), ...lanes]);
console.log(MEASURING);
const before = answered();
const startMs = performance.now();
isMeasured = true;
await Promise.race([measuredEnough(), ...lanes]);
const result: LoadResult = {
  answered: answered() - before,
  measuredMs: performance.now() - startMs,
  p50: order.window === 1 ? latency.quantile(0.5) : null,
  p99: order.window === 1 ? latency.quantile(0.99) : null,
};
isOver = true;
await Promise.all(lanes);
console.log(JSON.stringify(result));

async function connect(index: number) {
  const { hostname, port } = order;
  const conn = await Deno.connect({ hostname, port });
  conn.setNoDelay(true);
  const session = newSession(payload, index);
  await session.open(conn);
  sessions.push(session);
  return { conn, session };
}

/** Keeps the window of one connection full until it is over. */
async function work(
  { conn, session }: { conn: Deno.TcpConn; session: BenchSession },
): Promise<void> {
  const out = new ByteQueue();
  const buffer = new Uint8Array(BUFFER_BYTES);
  let held = 0;
  let toAsk = order.window;
  while (!isOver) {
    session.ask(out, toAsk);
    const sentMs = performance.now();
    if (out.length > 0) await writeAll(conn, out.view());
    out.clear();
    const before = session.answered;
    const length = await conn.read(held === 0 ? buffer : buffer.subarray(held));
    if (length === null) throw new Error("the peer closed the connection");
    held += length;
    const used = session.take(buffer, held);
    if (used < held) buffer.copyWithin(0, used, held);
    held -= used;
    toAsk = session.answered - before;
    if (order.window === 1 && toAsk > 0 && isMeasured) {
      latency.add((performance.now() - sentMs) * 1000);
    }
  }
  conn.close();
}

/**
 * A peer may answer in bursts that are as long as all that is in flight takes,
 * so slow ones are measured for longer.
 */
async function measuredEnough(): Promise<void> {
  const inFlight = order.connections * order.window;
  const endMs = performance.now() + MEASURED_TIMES_MAX * order.measuredMs;
  do {
    await pause(order.measuredMs);
  } while (answered() - before < inFlight && performance.now() < endMs);
}

function answered(): number {
  return sessions.reduce((sum, session) => sum + session.answered, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
