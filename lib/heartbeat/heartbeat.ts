/**
 * The heartbeat: on every beat, all hosts are asked at once, each bounded in
 * time, and what was found is told.
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

/**
 * Starts a heartbeat.
 *
 * A host that has not answered the beat before yet is not asked again, so that
 * an interval shorter than the bound does not pile up processes.
 *
 * @returns Ends it.
 */
export function startHeartbeat(
  options: HeartbeatOptions,
  ports: HeartbeatPorts,
): () => void {
  const asked = new Set<string>();

  async function ask(address: string): Promise<void> {
    asked.add(address);
    const result = await ports.ping(address, options.timeoutMs);
    asked.delete(address);
    ports.result(address, result);
  }

  const timer = setInterval(() => {
    for (const address of ports.hosts()) {
      if (!asked.has(address)) ask(address);
    }
  }, options.intervalMs);
  return () => clearInterval(timer);
}
