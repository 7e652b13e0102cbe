/** Delivery by itself: members that answer late, twice, or not at all. */

import assert from "node:assert/strict";
import { newOrigin, noPast } from "../../lib/head/delivery/batch.ts";
import { Delivery } from "../../lib/head/delivery/delivery.ts";
import type { HeadEvents } from "../../lib/head/events.ts";
import { Member, type MemberWire } from "../../lib/head/members/member.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { Pulse } from "../../lib/liveness/pulse.ts";
import { WireError } from "../../lib/wire/errors.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";
import { payloadOf } from "../support/records.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

const nobodyHears = new Proxy({}, {
  get: () => () => {},
}) as HeadEvents;

function newDelivery(replicas: number, ids: readonly string[]) {
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const members: Member[] = [];
  const delivery = new Delivery(
    { replicas, minReplicas: replicas, heldBytesMax: 1_000_000 },
    members,
    () => 0,
    { clock, turn, events: nobodyHears },
  );
  const sentTo = new Map<string, number>();
  for (const id of ids) {
    const link = new ScriptedLink();
    const wire: MemberWire = {
      hasRoom: () => true,
      longestMax: 1_000,
      answerTimeoutMs: 10_000,
      pulse: new Pulse(link, { intervalMs: 500, patienceMsMin: 1_000 }),
      write: () => void sentTo.set(id, (sentTo.get(id) ?? 0) + 1),
    };
    members.push(new Member(id, link, wire, 1_000_000));
  }
  const answers: string[] = [];
  const origin = newOrigin({
    clientId: bytesOf("c"),
    past: noPast(),
    label: "c",
    stored: (batch) =>
      answers.push(batch.storedBy.map(({ id }) => id).join("+")),
    refused: (_batch, _kind, reason) => answers.push(reason),
    unblocked() {},
  });
  const send = (text: string) => {
    const payload = payloadOf([text]);
    delivery.admit(origin, payload, 0, payload.length);
    turn.end();
  };
  return { delivery, members, sentTo, answers, send };
}

Deno.test("a copy that is stored stays, though its member refuses another of it", () => {
  const { delivery, members, sentTo, answers, send } = newDelivery(2, [
    "aaaaaaaa",
    "bbbbbbbb",
  ]);
  const [a, b] = members as [Member, Member];
  send("uno");
  // Taken for gone, it is given the same once more when it answers again.
  a.suspectSinceMs = 0;
  assert.equal(delivery.suspected(a), 1);
  a.suspectSinceMs = undefined;
  delivery.retryWaiting();
  assert.deepEqual([...sentTo.values()], [2, 1]);
  delivery.stored(a, 1);
  delivery.refused(a, 1, WireError.notStored, "its disk is full");
  assert.deepEqual(answers, []);
  assert.equal(delivery.waitedMs(), 0);
  delivery.stored(b, 2);
  assert.deepEqual(answers, ["aaaaaaaa+bbbbbbbb"]);
  assert.equal(delivery.held.messages, 0);
});
