/** A pass of repair among data nodes that do not do what they are asked. */

import assert from "node:assert/strict";
import type { Member, PieceSink } from "../../lib/head/members/member.ts";
import { RepairPass } from "../../lib/head/repair/repair_pass.ts";
import { RESTORE_FRAME_BYTES_MAX, TICK_MS } from "../../lib/base/limits.ts";
import type { ReadFields } from "../../lib/wire/read_frames.ts";
import { joined, lineOf } from "../support/records.ts";

/** What a data node answers. */
interface Ways {
  readonly bytes?: Uint8Array;
  /** Where it says that its bytes end. */
  readonly end?: number;
  /** Why it keeps nothing for others. */
  readonly refusal?: string;
  readonly isMute?: boolean;
}

/** A member as far as a pass looks at it, and what it was given to keep. */
function member(id: string, ways: Ways = {}) {
  const { bytes = new Uint8Array(), isMute = false } = ways;
  const { end = bytes.length, refusal } = ways;
  const kept: string[] = [];
  const fields = {
    id,
    label: id,
    left: false,
    damages: 0,
    restoreBytesMax: RESTORE_FRAME_BYTES_MAX,
    read: (request: ReadFields, sink: PieceSink) => {
      if (isMute) return;
      const { ticket, position } = request;
      const piece = { ticket, position, end, tick: 99, lanes: 0 };
      sink.piece(ticket, piece, bytes, position, bytes.length);
    },
    restore: (
      lines: Uint8Array,
      done: (failure: string | undefined) => void,
    ) => {
      if (isMute) return;
      if (refusal === undefined) kept.push(new TextDecoder().decode(lines));
      done(refusal);
    },
  };
  return { member: fields as unknown as Member, kept };
}

/** A pass over these, that always chooses the first. */
function newPass(members: readonly Member[]) {
  const told: string[] = [];
  const pass = new RepairPass(members, { replicas: 2 }, {
    targets: () => members,
    keeps: () => {},
    lacks: (id, reason) => void told.push(`${id}: ${reason}`),
    refuses: ({ id }, reason) => void told.push(`${id} refuses: ${reason}`),
    random: () => 0,
  });
  const go = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) pass.go(1024 * 1024);
  };
  return { pass, told, go };
}

const records = joined([lineOf(1, "uno"), lineOf(2, "dos")]);

Deno.test("what a full data node does not keep, another does", () => {
  const source = member("aaaaaaaa", { bytes: records });
  const full = member("bbbbbbbb", { refusal: "No space left on device" });
  const other = member("cccccccc");
  const { pass, told, go } = newPass(
    [source, full, other].map(({ member }) => member),
  );
  go(1_000);
  assert.equal(pass.failure, undefined);
  assert.equal(pass.isDone, true);
  assert.deepEqual(told, ["bbbbbbbb refuses: No space left on device"]);
  assert.equal(other.kept.join(""), new TextDecoder().decode(records));
  assert.deepEqual(
    [pass.progress.restored, pass.progress.unplaced],
    [2, 0],
  );
});

Deno.test("where nobody keeps a record, it is named", () => {
  const source = member("aaaaaaaa", { bytes: lineOf(1, "uno") });
  const full = member("bbbbbbbb", { refusal: "No space left on device" });
  const { pass, told, go } = newPass([source.member, full.member]);
  go(1_000);
  assert.deepEqual([pass.isDone, pass.progress.unplaced], [true, 1]);
  assert.match(told.join("\n"), /-1: no other dataNode is there to keep it/);
});

Deno.test("a pass does not wait for ever, and names whom it waits for", () => {
  const source = member("aaaaaaaa", { bytes: records });
  const cases: readonly (readonly [Ways, RegExp])[] = [
    [{ isMute: true }, /bbbbbbbb cannot be read: it has not answered for 30 s/],
    [{ end: 2 ** 50 }, /bbbbbbbb cannot be read: its files are shorter than/],
  ];
  for (const [ways, reason] of cases) {
    const wrong = member("bbbbbbbb", ways);
    const { pass, go } = newPass([source.member, wrong.member]);
    go(40_000);
    assert.match(pass.failure?.reason ?? "", reason);
    assert.equal(pass.failure?.culprit, wrong.member);
  }
});
