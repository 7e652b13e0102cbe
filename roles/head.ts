/**
 * The head: clients hand it messages, it places each on data nodes, and tells
 * the client where it is kept.
 *
 * 1. It listens; clients and data nodes shake hands and name their role.
 * 2. A message goes to data nodes chosen by the placement; both the message
 *    and its `recibido` are lines of `registro_server.txt`, a thousand a second
 *    at most.
 * 3. On every heartbeat each data node's process is asked on its connection,
 *    and its host pinged; one that stays silent is put out. Each result is a
 *    line of `heartbeat_server.txt`.
 *
 * @module
 */

import { counted } from "../lib/counted.ts";
import { HeadCore, type HeadOptions } from "../lib/head/core.ts";
import type { KnownNode } from "../lib/head/roster.ts";
import { startHeartbeat } from "../lib/heartbeat/heartbeat.ts";
import { ping, type PingResult } from "../lib/heartbeat/ping.ts";
import { listen, type Listening } from "../lib/net/listen.ts";
import { cannotListen } from "../lib/start_error.ts";
import { headEvents, REPAIRED } from "./head_events.ts";
import {
  every,
  newDrain,
  newEnding,
  type RoleContext,
  type Running,
  tellAccepting,
} from "./running.ts";

/** How a head is started. */
export interface HeadRoleOptions extends Omit<HeadOptions, "knownNodes"> {
  readonly host: string;
  readonly port: number;
  readonly heartbeatTimeoutMs: number;
}

/**
 * The data nodes that this head has known, a line for each; whoever retires
 * one for good takes its line out.
 */
const NODES_FILE = "nodes.txt";

/**
 * Starts a head.
 *
 * @throws {StartError} It cannot listen there.
 */
export function startHead(
  options: HeadRoleOptions,
  context: RoleContext,
): Running {
  const { clock, turn, log } = context;
  const registry = log.file("registro_server.txt");
  const events = log.events(registry);
  const beats = log.events(log.file("heartbeat_server.txt"));
  const nodes = log.file(NODES_FILE);
  const core = new HeadCore({ ...options, knownNodes: nodesIn(nodes.path) }, {
    clock,
    turn,
    random: context.random,
    strongRandom: context.strongRandom,
    events: headEvents(log, registry, {
      beats,
      nodes,
      // Whether its host answers tells what is wrong with it.
      suspected: ({ link }) => heartbeat.ask(link.peerAddress),
    }),
  });
  const listening = openPort();
  let isDrained: (() => boolean) | undefined;
  let isPingMissing = false;

  const heartbeat = startHeartbeat(
    {
      intervalMs: options.heartbeatIntervalMs,
      timeoutMs: options.heartbeatTimeoutMs,
    },
    {
      beat: () => core.beat(),
      hosts: () => core.hosts(),
      ping,
      result: heard,
    },
  );
  const stopTicking = every(() => {
    core.tick();
    log.tick();
    if (isDrained?.() === true) ending.end(whatIsLeft());
  });
  const ending = newEnding(() => {
    stopTicking();
    heartbeat.stop();
    listening.close();
    events.info("Head ended");
  });

  events.info(
    `Listening on ${options.host}:${listening.port}, ` +
      `replicas ${options.replicas}, placement ${options.placement}, ` +
      `heartbeat every ${options.heartbeatIntervalMs / 1000} s`,
    { port: listening.port },
  );

  return {
    done: ending.done,
    drain() {
      events.info(
        `Draining: ${counted(core.heldMessages, "message")} in flight, then ` +
          "the end",
      );
      listening.close();
      core.drain();
      isDrained = newDrain(clock, {
        isIdle: () => core.heldMessages === 0,
        close: () => core.close(),
        isClosed: () => core.connections === 0,
      });
    },
  };

  function openPort(): Listening {
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

  function heard(address: string, result: PingResult): void {
    switch (result.kind) {
      case "answered": {
        core.pinged(address, true);
        const time = result.roundTripMs === undefined
          ? ""
          : ` (ping ${result.roundTripMs} ms)`;
        beats.info(`${address} disponible${time}`);
        break;
      }
      case "silent": {
        const state = core.pinged(address, false);
        if (state === "there") {
          beats.info(
            `${address} disponible: its process answers, though there is ` +
              result.reason,
          );
          break;
        }
        beats.warning(`${address} no disponible: ${result.reason}`);
        if (state === "doubtful") heartbeat.ask(address);
        break;
      }
      case "unable":
        if (isPingMissing) break;
        isPingMissing = true;
        beats.warning(
          `Cannot ping: ${result.reason}; ` +
            "only its connection tells that a dataNode is dead",
        );
    }
  }

  /** What the drain did not finish in time, if anything. */
  function whatIsLeft(): string | undefined {
    const left = core.heldMessages;
    if (left === 0) return undefined;
    return `${counted(left, "message")} not stored, and not acknowledged`;
  }
}

/** The data nodes that lines `… - ID ADDRESS [repaired]` of a file tell of. */
function nodesIn(path: string): KnownNode[] {
  const nodes: KnownNode[] = [];
  for (const line of Deno.readTextFileSync(path).split("\n")) {
    const [, id, address, word] =
      / - ([0-9a-z]{8}) (\S+)(?: (\w+))?$/.exec(line) ?? [];
    if (id === undefined || address === undefined) continue;
    nodes.push({ id, address, isRepaired: word === REPAIRED });
  }
  return nodes;
}
