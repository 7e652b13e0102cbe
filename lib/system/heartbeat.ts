/**
 * The heartbeat: on every beat all hosts are asked by `ping`, at once, each
 * bounded in time; what was found is told. Processes are asked on their
 * connections, and oftener (pulse.ts).
 *
 * @module
 */

import type { PingResult } from "./ping.ts";

/** How a heartbeat is set up. */
export interface HeartbeatOptions {
  /** From one beat to the next, in ms. */
  readonly intervalMs: number;
  /** After which a host counts as silent, in ms. */
  readonly timeoutMs: number;
}

/** What a heartbeat works with. */
export interface HeartbeatPorts {
  /** The hosts to ask, as of now. */
  hosts(): readonly string[];
  /** Asks one host. */
  ping(address: string, timeoutMs: number): Promise<PingResult>;
  /** What one host answered. */
  result(address: string, result: PingResult): void;
}

/** A heartbeat that goes on. */
export interface Heartbeat {
  /** Pings a host out of turn, unless it is being pinged already. */
  ask(address: string): void;
  /** Ends it. */
  stop(): void;
}

/**
 * Starts a heartbeat.
 *
 * A host that has not answered the beat before yet is not asked again, so that
 * an interval shorter than the bound does not pile up processes.
 */
export function startHeartbeat(
  options: HeartbeatOptions,
  ports: HeartbeatPorts,
): Heartbeat {
  const asked = new Set<string>();

  async function ping(address: string): Promise<void> {
    asked.add(address);
    const result = await ports.ping(address, options.timeoutMs);
    asked.delete(address);
    ports.result(address, result);
  }

  function ask(address: string): void {
    if (!asked.has(address)) ping(address);
  }

  const timer = setInterval(() => {
    for (const address of ports.hosts()) ask(address);
  }, options.intervalMs);
  return { ask, stop: () => clearInterval(timer) };
}
