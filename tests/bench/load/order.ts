/** What a load generator is told, and what it tells. */

import type { ProtocolName } from "./protocols.ts";

/** What to do, as the only argument, in JSON. */
export interface LoadOrder {
  readonly protocol: ProtocolName | "disk";
  readonly hostname: string;
  readonly port: number;
  /** For files, if there are any. */
  readonly directory: string;
  readonly connections: number;
  /** Messages in flight of each connection. */
  readonly window: number;
  readonly payloadBytes: number;
  /** Time that is not measured, and time that is, or more for slow peers. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** What came of it, as the last line, in JSON. */
export interface LoadResult {
  /** Messages answered in the measured time. */
  readonly answered: number;
  readonly measuredMs: number;
  /** Of the time from a message to its answer, in µs; null with a window. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Is printed when the measured time begins. */
export const MEASURING = "measuring";
