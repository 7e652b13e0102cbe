/** What a head remembers of data nodes, while they come, go, and are repaired. */

import assert from "node:assert/strict";
import type { Member } from "../../lib/head/members/member.ts";
import { Roster } from "../../lib/head/members/roster.ts";
import type { NodesFile } from "../../lib/store/nodes_file.ts";
import { TICK_MS } from "../../lib/base/limits.ts";
import { type KnownNode, NO_MESSAGES } from "../../lib/wire/known_nodes.ts";
import { knownNode } from "../support/new_head.ts";

/** A member as far as a roster looks at it. */
function member(id: string, end = 100): Member {
  const link = { peerAddress: "192.0.2.7" };
  const fields = {
    id,
    link,
    end,
    readableEnd: end,
    saysEnd: true,
    isReadable: true,
    wasEmpty: end === 0,
    wasGiven: true,
    copies: NO_MESSAGES,
    damages: 0,
    left: false,
    label: id,
    heal: () => {},
  };
  return fields as unknown as Member;
}

/** A roster that remembers these, and what it has told. */
function newRoster(nodes: readonly KnownNode[]) {
  const told: KnownNode[] = [];
  const memory: NodesFile = { owner: "oooooooo", nodes };
  const roster = new Roster(memory, "oooooooo", {
    save: () => undefined,
    tell: (changed) => void told.push(...changed),
    unsaved: () => {},
    lost: () => {},
  }, 0);
  const known = (id: string) => roster.nodes.find((node) => node.id === id)!;
  /** A pass over these that began now; `meanwhile` happens before its end. */
  const pass = (members: readonly Member[], meanwhile: () => void) => {
    const findings = {
      members: new Map(members.map((one) => [one, one.damages])),
      away: roster.away(0).map(({ key }) => key),
      replicas: 2,
      damaged: new Set<string>(),
      lowerings: roster.lowerings,
    };
    meanwhile();
    return roster.passed(findings);
  };
  return { roster, told, known, pass };
}

const [a, b, x] = ["aaaaaaaa", "bbbbbbbb", "xxxxxxxx"] as const;
const nodes = [a, b, x].map((id) => knownNode({ id, copies: 2, end: 100 }));

Deno.test("who comes back while others are read, and goes again, is not repaired", () => {
  const { roster, known, pass } = newRoster(nodes);
  const here = [member(a), member(b)];
  for (const one of here) roster.joined(one, 0);
  assert.equal(pass(here, () => {}), true);
  assert.notEqual(known(x).state, knownNode({}).state);

  const other = newRoster(nodes);
  for (const one of here) other.roster.joined(one, 0);
  const isWhole = other.pass(here, () => {
    const back = member(x);
    other.roster.joined(back, 1);
    other.roster.left(back, 2);
  });
  assert.equal(isWhole, true, "what it had with others is here");
  assert.equal(other.known(x).state, knownNode({}).state);
  assert.equal(other.roster.away(3).length, 1);
});

Deno.test("who stores more at another head is not repaired by what was read before", () => {
  const { roster, known, pass } = newRoster(nodes);
  const here = [member(a), member(b)];
  for (const one of here) roster.joined(one, 0);
  pass(here, () => {
    roster.merge([knownNode({ id: x, copies: 2, end: 200 })], here[0]!);
  });
  assert.equal(known(x).state, knownNode({}).state);
});

Deno.test("copies are not made up for messages that another head acknowledges meanwhile", () => {
  const few = nodes.map((node) => ({ ...node, copies: 1 }));
  const { roster, known, pass } = newRoster(few);
  const here = [member(a), member(b)];
  for (const one of here) roster.joined(one, 0);
  pass(here, () => {
    // The other head has few copies of it, as before, and says so again.
    const other = newRoster(few);
    const same = member(a);
    other.roster.joined(same, 0);
    other.roster.acknowledgedFew([same]);
    other.roster.tick(TICK_MS);
    roster.merge(other.told, here[1]!);
  });
  assert.equal(known(a).copies, 1);
  pass(here, () => {});
  assert.equal(known(a).copies, 2);
});

Deno.test("the fewest copies that were made stay known when it is another time more", () => {
  const { roster, known } = newRoster(nodes);
  const one = member(a);
  roster.joined(one, 0);
  roster.acknowledged(one, 1);
  roster.acknowledged(one, 2);
  roster.merge(
    [knownNode({ id: a, version: 9, copies: 2, end: 100 })],
    member(b),
  );
  assert.equal(known(a).copies, 1);
});

Deno.test("of records that one data node has lost and let go, others have a copy fewer", () => {
  const { roster, known } = newRoster(nodes);
  for (const one of [member(a), member(b)]) roster.joined(one, 0);
  const lacking = member(x, 50);
  roster.joined(lacking, 0);
  assert.equal(roster.forget(x), undefined);
  assert.deepEqual([known(a).copies, known(b).copies, known(x).copies], [
    1,
    1,
    2,
  ]);
});
