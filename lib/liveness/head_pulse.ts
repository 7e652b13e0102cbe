/**
 * How a client, or a reader, asks its head whether it is there.
 *
 * @module
 */

import type { PulseOptions } from "./pulse.ts";
import { HEARTBEAT_INTERVAL_MS_DEFAULT } from "../base/limits.ts";

/**
 * While nothing is waited for, as rarely as heads ask data nodes; a client with
 * messages in flight asks at once when answers stay away. Two seconds of
 * silence are never too long: leaving a head costs sending everything again.
 */
export const HEAD_PULSE: PulseOptions = {
  intervalMs: HEARTBEAT_INTERVAL_MS_DEFAULT,
  patienceMsMin: 2_000,
};
