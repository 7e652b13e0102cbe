/**
 * The head: clients hand it messages, it places each on data nodes, and tells
 * the client where it is kept.
 *
 * 1. It listens; clients and data nodes shake hands and name their role.
 * 2. A message goes to data nodes chosen by the placement; both the message
 *    and its `recibido` are lines of `registro_server.txt`, a thousand a second
 *    at most.
 * 3. Each data node's process is asked again and again on its connection, and
 *    on every heartbeat its host is pinged; one that stays silent is put out.
 *    Each ping is a line of `heartbeat_server.txt`.
 *
 * @module
 */

import { counted } from "../lib/base/counted.ts";
import { HeadCore, type HeadOptions } from "../lib/head/core.ts";
import { startHeartbeat } from "../lib/system/heartbeat.ts";
import { ping, type PingResult } from "../lib/system/ping.ts";
import { openPort } from "../lib/system/listen.ts";
import { openHeadMemory } from "../lib/system/head_memory.ts";
import { headEvents } from "./head_events.ts";
import {
  every,
  newDrain,
  newEnding,
  type RoleContext,
  type Running,
  tellAccepting,
} from "./running.ts";

/** How a head is started. */
export interface HeadRoleOptions extends Omit<HeadOptions, "memory"> {
  readonly host: string;
  readonly port: number;
  readonly heartbeatTimeoutMs: number;
  /** Where it remembers data nodes; no other head may have the same. */
  readonly directory: string;
}

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
  const ending = newEnding();
  const registry = log.file("registro_server.txt");
  const events = log.events(registry);
  const beatsFile = log.file("heartbeat_server.txt");
  const beats = log.events(beatsFile);
  const memory = openHeadMemory(options.directory, context.strongRandom);
  const core = new HeadCore({ ...options, memory: memory.found }, {
    clock,
    turn,
    random: context.random,
    strongRandom: context.strongRandom,
    saveNodes: (file) => memory.save(file),
    events: headEvents(log, registry, {
      beatsFile,
      // Whether its host answers tells what is wrong with it.
      suspected: ({ link }) => heartbeat.ask(link.peerAddress),
    }),
  });
  const listening = openPort(
    { hostname: options.host, port: options.port },
    turn,
    (link) => core.accept(link),
    tellAccepting(events),
  );
  let isDrained: (() => boolean) | undefined;
  let isPingMissing = false;

  const heartbeat = startHeartbeat(
    {
      intervalMs: options.heartbeatIntervalMs,
      timeoutMs: options.heartbeatTimeoutMs,
    },
    {
      hosts: () => core.hosts(),
      ping,
      result: heard,
    },
  );
  ending.onEnd(every(() => {
    core.tick();
    memory.look(clock.nowMs());
    log.tick();
    if (isDrained?.() === true) ending.end(whatIsLeft());
  }));
  ending.onEnd(() => {
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
  registry.line("Esperando dataNodes");

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

  function heard(address: string, result: PingResult): void {
    switch (result.kind) {
      case "answered": {
        core.pinged(address, true);
        const time = result.roundTripMs === undefined
          ? ""
          : ` (ping ${result.roundTripMs} ms)`;
        beats.info(`${address} disponible${time}${nodesAt(address)}`);
        break;
      }
      case "silent": {
        const state = core.pinged(address, false);
        if (state === "there") {
          beats.info(
            `${address} disponible${nodesAt(address)}: its process answers, ` +
              `though there is ${result.reason}`,
          );
          break;
        }
        beats.warning(
          `${address} no disponible${nodesAt(address)}: ${result.reason}`,
        );
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

  /** Which data nodes a host has, since several may share its address. */
  function nodesAt(address: string): string {
    const ids = core.members
      .filter(({ link }) => link.peerAddress === address)
      .map(({ id }) => id);
    return ids.length === 0 ? "" : `, dataNode ${ids.join(", ")}`;
  }

  /** What the drain did not finish in time, if anything. */
  function whatIsLeft(): string | undefined {
    const left = core.heldMessages;
    if (left === 0) return undefined;
    return `${counted(left, "message")} not stored, and not acknowledged`;
  }
}
