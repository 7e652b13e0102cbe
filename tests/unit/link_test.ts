/**
 * What ports.ts says of links, of all that there are: on a socket, in the
 * simulation, and those that tests write by hand.
 */

import assert from "node:assert/strict";
import { listen } from "../../lib/system/listen.ts";
import { runLink } from "../../lib/system/link.ts";
import { newTurn } from "../../lib/system/turn.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { SimNetwork } from "../simulation/sim_network.ts";
import { Process, World } from "../simulation/world.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

type MakeSession = (link: Link) => Session;

/** What a session was told, and when it is over. */
function newListener() {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const session: Session = {
    received(_, length) {
      told.push("received");
      return length;
    },
    ended: () => told.push("ended"),
    drained: () => told.push("drained"),
    closed(reason) {
      told.push(`closed: ${reason}`);
      resolve();
    },
  };
  return { told, session, isOver: promise };
}

/** Each connects both sides, and lets that go on until `isOver`. */
const networks: Record<
  string,
  (near: MakeSession, far: MakeSession, isOver: Promise<void>) => Promise<void>
> = {
  async socket(near, far, isOver) {
    const turn = newTurn();
    const { promise: isFarOver, resolve } = Promise.withResolvers<void>();
    const listening = listen(
      { hostname: "127.0.0.1", port: 0 },
      turn,
      (link) => {
        const session = far(link);
        return {
          received: (bytes, length) => session.received(bytes, length),
          ended: (unused) => session.ended(unused),
          drained: () => session.drained(),
          closed(reason) {
            session.closed(reason);
            resolve();
          },
        };
      },
    );
    const { port } = listening;
    runLink(await Deno.connect({ hostname: "127.0.0.1", port }), turn, near);
    await isOver;
    await isFarOver;
    listening.close();
  },
  async simulation(near, far, isOver) {
    const world = new World(1);
    const network = new SimNetwork(world, { delayMs: [1, 5], splitChance: 0 });
    network.listen("10.0.0.2", new Process(world, "far"), far);
    network.dialer("10.0.0.1", new Process(world, "near")).dial(
      "10.0.0.2:5000",
      near,
      (reason) => assert.fail(reason),
    );
    world.run(1_000);
    await isOver;
  },
  async script(near, _far, isOver) {
    const link = new ScriptedLink().to(near);
    if (!link.isAborted) link.breaks("we closed the connection");
    await isOver;
  },
};

for (const [name, connect] of Object.entries(networks)) {
  /** A peer that speaks at once, and closes when we do. */
  const far: MakeSession = (link) => {
    link.out.append(new TextEncoder().encode("hola"));
    link.send();
    return {
      received: (_, length) => length,
      ended: () => link.end(),
      drained() {},
      closed() {},
    };
  };

  Deno.test(`link (${name}): aborted while its session is made, it tells so afterwards`, async () => {
    const { told, session, isOver } = newListener();
    let made = 0;
    await connect(
      (link) => {
        made++;
        link.abort();
        link.abort();
        link.end();
        assert.deepEqual(told, []);
        return session;
      },
      far,
      isOver,
    );
    assert.equal(made, 1);
    assert.deepEqual(told, ["closed: we closed the connection"]);
  });

  Deno.test(`link (${name}): ended while its session is made, it offers nothing and closes`, async () => {
    const { told, session, isOver } = newListener();
    await connect(
      (link) => {
        link.end();
        assert.deepEqual(told, []);
        return session;
      },
      far,
      isOver,
    );
    assert.equal(told.length, 1, told.join());
    assert.match(told[0]!, /^closed: /);
  });
}
