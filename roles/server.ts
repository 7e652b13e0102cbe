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

import { counted } from "../lib/base/counted.ts";
import { openPort } from "../lib/system/listen.ts";
import { ServerCore } from "../lib/server/core.ts";
import type { ServerEvents } from "../lib/server/events.ts";
import { escapedText } from "../lib/wire/escape.ts";
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
  const ending = newEnding();
  const logFile = log.file("log.txt");
  const events = log.events(logFile);
  /** Lines for the console about messages that are not in the log yet. */
  const unshown: string[] = [];
  const showJob = () => showLogged();
  let unlogged = 0;
  let unloggedToldMs = -Infinity;
  const core = new ServerCore(options, {
    clock,
    turn,
    events: tellEvents(),
    logFailure: () => logFile.failure,
  });
  const listening = openPort(
    { hostname: options.host, port: options.port },
    turn,
    (link) => core.accept(link),
    tellAccepting(events),
  );
  let isDrained: (() => boolean) | undefined;

  ending.onEnd(every(() => {
    core.tick();
    log.tick();
    tellUnlogged();
    if (core.complete) listening.close();
    const areAllGone = core.complete && core.clients === 0;
    if (areAllGone || isDrained?.() === true) ending.end();
  }));
  ending.onEnd(() => {
    listening.close();
    events.info("Server ended");
  });

  const total = options.clientsTotal === undefined
    ? ""
    : `, ${options.clientsTotal} in all`;
  events.info(
    `Listening on ${options.host}:${listening.port}, ` +
      `at most ${counted(options.clientsMax, "client")} at once${total}`,
    { port: listening.port },
  );
  logFile.line("Esperando clientes");

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

  function tellEvents(): ServerEvents {
    return {
      refusedPeer: (label, reason) =>
        events.warning(`${label} refused: ${reason}`),
      clientJoined(label, encoding) {
        // As the program of 2019 told of whoever came; in the file alone.
        const colon = label.lastIndexOf(":");
        const peer = `${label.slice(0, colon)} : ${label.slice(colon + 1)}`;
        logFile.line(`Se crea ServerThread para cliente con IP ${peer}`);
        logFile.line("peticion");
        events.info(`cliente ${label} joined (${encoding})`);
      },
      clientLeft: (label, reason) =>
        events.info(`cliente ${label} left: ${reason}`),
      message(label, bytes, from, to) {
        logFile.begin().ascii(label).ascii(" ").escaped(bytes, from, to).end();
        if (!log.showsMessage()) return;
        const text = `${label} ${escapedText(bytes, from, to)}`;
        if (unshown.push(text) === 1) turn.beforeSending(showJob);
      },
      unlogged: (messages) => unlogged += messages,
    };
  }

  /** Behind the log's own job: shows what it has now, and nothing else. */
  function showLogged(): void {
    if (logFile.failure === undefined) {
      for (const text of unshown) log.message(text);
    }
    unshown.length = 0;
  }

  /** A full disk refuses message by message; once a second is enough. */
  function tellUnlogged(): void {
    if (unlogged === 0 || clock.nowMs() - unloggedToldMs < 1_000) return;
    unloggedToldMs = clock.nowMs();
    log.events().warning(
      `${
        counted(unlogged, "message")
      } answered not-stored: the log cannot be ` +
        `written: ${logFile.failure ?? "it can again"}`,
    );
    unlogged = 0;
  }
}
