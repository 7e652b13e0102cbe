/**
 * The server of the first activity: clients talk to it directly, and it sends
 * every message back.
 *
 * 1. It listens; each client shakes hands and takes one of the places.
 * 2. Every message is a line of `log.txt`, and goes back as it came.
 * 3. With a total, it ends when so many clients have come and gone.
 *
 * @module
 */

import { listen } from "../lib/net/listen.ts";
import { ServerCore, type ServerEvents } from "../lib/server/core.ts";
import { cannotListen } from "../lib/start_error.ts";
import { escapedText } from "../lib/store/escape.ts";
import {
  every,
  newDrain,
  newEnding,
  type RoleContext,
  type Running,
  tellAccepting,
} from "./running.ts";

/** How a server is started. */
export interface ServerRoleOptions {
  readonly host: string;
  readonly port: number;
  readonly clientsMax: number;
  readonly clientsTotal?: number | undefined;
}

/**
 * Starts a server.
 *
 * @throws {StartError} It cannot listen there.
 */
export function startServer(
  options: ServerRoleOptions,
  context: RoleContext,
): Running {
  const { clock, turn, log } = context;
  const logFile = log.file("log.txt");
  const events = log.events(logFile);
  const core = new ServerCore(options, { clock, events: tellEvents() });
  const listening = openPort();
  let isDrained: (() => boolean) | undefined;

  const stopTicking = every(() => {
    core.tick();
    log.tick();
    if (core.complete) listening.close();
    const areAllGone = core.complete && core.clients === 0;
    if (areAllGone || isDrained?.() === true) ending.end();
  });
  const ending = newEnding(() => {
    stopTicking();
    listening.close();
    events.info("Server ended");
  });

  const total = options.clientsTotal === undefined
    ? ""
    : `, ${options.clientsTotal} in all`;
  events.info(
    `Listening on ${options.host}:${listening.port}, ` +
      `at most ${options.clientsMax} clients at once${total}`,
    { port: listening.port },
  );

  return {
    done: ending.done,
    drain() {
      events.info("Draining: no new clients, then the end");
      listening.close();
      isDrained = newDrain(clock, {
        isIdle: () => true,
        close: () => core.drain(),
        isClosed: () => core.connections === 0,
      });
    },
  };

  function openPort() {
    try {
      return listen(
        { hostname: options.host, port: options.port },
        turn,
        (link) => core.accept(link),
        tellAccepting(events),
      );
    } catch (error) {
      throw cannotListen(options.host, options.port, error);
    }
  }

  function tellEvents(): ServerEvents {
    return {
      refusedPeer: (label, reason) =>
        events.warning(`${label} refused: ${reason}`),
      clientJoined: (label, encoding) =>
        events.info(`cliente ${label} joined (${encoding})`),
      clientLeft: (label, reason) =>
        events.info(`cliente ${label} left: ${reason}`),
      message(label, bytes, from, to) {
        logFile.begin().ascii(label).ascii(" ").escaped(bytes, from, to).end();
        if (log.showsMessage()) {
          log.message(`${label} ${escapedText(bytes, from, to)}`);
        }
      },
    };
  }
}
