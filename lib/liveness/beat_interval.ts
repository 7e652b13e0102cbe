/**
 * How often to beat: a head says it in its answer to the handshake, so that it
 * is set in one place.
 *
 * @module
 */

import { HEARTBEAT_INTERVAL_MS_DEFAULT } from "../base/limits.ts";
import type { Properties } from "../wire/greeting.ts";

/** The property of a head's `confirmacion` that says it, in ms. */
export const BEAT_PROPERTY = "beat-ms";

/** What a head's properties say, in ms; the default if they do not. */
export function beatIntervalOf(properties: Properties): number {
  const said = properties[BEAT_PROPERTY] ?? "";
  return /^[1-9]\d{0,8}$/.test(said)
    ? Number(said)
    : HEARTBEAT_INTERVAL_MS_DEFAULT;
}
