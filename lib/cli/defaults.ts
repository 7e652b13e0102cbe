/**
 * What a flag is when nobody sets it, with the reason.
 *
 * @module
 */

/** Clients served at once by a `server`: the original's rule. */
export const SERVER_CLIENTS_MAX_DEFAULT = 100;

/**
 * Connections of all kinds a head holds at once. Each idle one costs a few
 * KiB, so this default stays below 100 MiB and below Linux's usual limit of
 * open files (1,048,576 in containers, 1,024 soft in a plain shell, which Deno
 * raises to the hard limit at start).
 */
export const HEAD_CONNECTIONS_MAX_DEFAULT = 16_384;

/**
 * Bytes of all messages that a head holds unanswered. Raising it rides out a
 * longer absence of data nodes before clients feel it; it costs that much
 * memory and that many messages to send again when the head dies.
 */
export const HEAD_HELD_BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

/** Default bound on one `ping`. */
export const HEARTBEAT_TIMEOUT_MS_DEFAULT = 2_000;

/**
 * Default time away after which a data node's copies are made again. A host
 * that is started anew is back sooner, and copying all it has costs hours.
 */
export const REPAIR_AFTER_MS_DEFAULT = 300_000;

/**
 * Bytes read in a second while copies are made again: a compromise between
 * live messages, which this costs some percent of their processor, and the time
 * for which records have a copy too few.
 */
export const REPAIR_BYTES_PER_SECOND_DEFAULT = 2 * 1024 * 1024;

/**
 * Default pause between two readings of all that a data node has stored: a
 * week, as is usual for disks; what rots must be found before the other copy
 * does.
 */
export const SCRUB_INTERVAL_MS_DEFAULT = 604_800_000;

/** Default pause between two messages of a client: the original's 3 s. */
export const CLIENT_INTERVAL_MS_DEFAULT = 3_000;
