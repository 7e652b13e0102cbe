/**
 * What the program may do, and no more: the same list for the executable and
 * for the program run from its sources.
 *
 * @module
 */

/** Permission flags of `deno run` and `deno compile`. */
export const permissions: readonly string[] = [
  // It listens where it is told, and calls whom it is told.
  "--allow-net",
  // Directories are chosen by flags, so they cannot be named here.
  "--allow-read",
  "--allow-write",
  // The head's heartbeat; the other roles give this up when they start.
  "--allow-run=ping",
  // The name of this host, for the lock of a data node's directory.
  "--allow-sys=hostname",
  // Its own variables.
  "--allow-env=SD_*",
  // What is not granted is refused, not asked for.
  "--no-prompt",
];
