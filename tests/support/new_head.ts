/** A head core with scripted peers. */

import assert from "node:assert/strict";
import { HeadCore, type HeadOptions } from "../../lib/head/core.ts";
import type { HeadEvents } from "../../lib/head/events.ts";
import {
  CLIENT_WINDOW_BYTES,
  MEMBER_WINDOW_BYTES,
  TICK_MS,
} from "../../lib/base/limits.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  type MessagesFields,
  writeMessages,
} from "../../lib/wire/client_frames.ts";
import { type KnownNode, KnownState } from "../../lib/wire/known_nodes.ts";
import { ManualClock } from "./manual_clock.ts";
import { ManualTurn } from "./manual_turn.ts";
import { payloadOf } from "./records.ts";
import { ScriptedLink } from "./scripted_link.ts";
import { seededRandom } from "./seeded_random.ts";

/** A head whose events are noted by name. */
export function newHead(options: Partial<HeadOptions> = {}) {
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const told: string[] = [];
  const events = new Proxy({}, {
    get: (_target, name: string) => (...args: unknown[]) =>
      told.push([name, ...args.filter((a) => typeof a !== "object")].join(" ")),
  }) as HeadEvents;
  const core = new HeadCore({
    replicas: 1,
    minReplicas: options.replicas ?? 1,
    placement: "random",
    heldBytesMax: 1024 * 1024,
    connectionsMax: 10,
    clientWindowBytes: CLIENT_WINDOW_BYTES,
    memberWindowBytes: MEMBER_WINDOW_BYTES,
    heartbeatIntervalMs: 5_000,
    repairAfterMs: Infinity,
    repairBytesPerSecond: 1024 * 1024,
    memory: undefined,
    ...options,
  }, {
    clock,
    turn,
    random: seededRandom(1),
    strongRandom: seededRandom(2),
    saveNodes: () => undefined,
    events,
  });
  /** Lets time pass, as the head lives it. */
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) {
      clock.advance(Math.min(rest, TICK_MS));
      core.tick();
      turn.end();
    }
  };
  const connect = () => new ScriptedLink(turn).to((link) => core.accept(link));
  /** Connects a peer in a role. */
  const joinAs = (role: string, encoding: "chunk" | "line" | "frame") => {
    const link = connect();
    link.receive(
      {
        chunk: "peticion",
        line: "peticion\n",
        frame: "peticion sd/2\n",
      }[encoding],
    );
    assert.match(link.said(), /^confirmacion/);
    link.receive(encoding === "chunk" ? role : `${role}\n`);
    return link;
  };
  /** Connects a peer that speaks lines, in a role. */
  const join = (role: string) => joinAs(role, "line");
  return { core, clock, told, pass, connect, join, joinAs };
}

/** What a head answers a line client. */
export const ANSWER = "192.0.2.7 , mensaje: recibido\n";

/** A `messages` frame of a client. */
export function messagesFrame(
  texts: readonly (string | Uint8Array)[],
  fields: Partial<MessagesFields> = {},
): Uint8Array {
  const payload = payloadOf(texts);
  const out = new ByteQueue();
  const at = writeMessages(out, {
    firstSequence: 1,
    floor: 1,
    after: 0,
    count: texts.length,
    ...fields,
  }, payload.length);
  out.bytes.set(payload, at);
  return out.view().slice();
}

/** A data node as a head remembers it. */
export function knownNode(node: Partial<KnownNode>): KnownNode {
  return {
    id: "aaaaaaaa",
    address: "192.0.2.7",
    state: KnownState.known,
    version: 1,
    copies: 1,
    isLacking: false,
    end: 0,
    ...node,
  };
}
