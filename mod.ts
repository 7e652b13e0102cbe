/**
 * sd-node: a small cluster that collects messages and loses none.
 *
 * As a library, this module connects to a head or a server from another
 * program. Run as a program, it is the command line of all roles.
 *
 * @module
 */

export {
  Client,
  connect,
  type Receipt,
  RejectedError,
} from "./lib/library/client.ts";
export type {
  ConnectionEvents,
  ConnectOptions,
} from "./lib/library/client_options.ts";
export { ClosedError } from "./lib/library/closed_error.ts";
export {
  IncompleteError,
  type Line,
  type Message,
  read,
  Reader,
} from "./lib/library/reader.ts";
export type { ReadEvents, ReadOptions } from "./lib/library/reader_options.ts";
export type { ParsedRecord } from "./lib/store/record.ts";
export type { PeerChoice } from "./lib/client/context.ts";
export type { Holder, PeerRole } from "./lib/client/events.ts";
export type { Encoding } from "./lib/wire/greeting.ts";

/** The version of this program. */
export const VERSION = "0.1.0";

if (import.meta.main) {
  // Loaded only when run as a program: a library needs none of it.
  const { main } = await import("./roles/main.ts");
  Deno.exit(await main(Deno.args, VERSION));
}
