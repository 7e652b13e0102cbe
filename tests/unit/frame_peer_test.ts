/** A client of a head that speaks frames. */

import assert from "node:assert/strict";
import { ClientCore } from "../../lib/client/core.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { writeReceipt, writeRefusal } from "../../lib/wire/client_frames.ts";
import { WireError } from "../../lib/wire/errors.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ScriptedLink } from "../support/scripted_link.ts";

Deno.test("client gives up an id that was used before, whatever it is asked", () => {
  const clock = new ManualClock();
  const told: string[] = [];
  let open: ((link: Link) => Session) | undefined;
  const core = new ClientCore(
    { to: ["p:5000", "q:5000"], clientId: "c", peer: "auto" },
    {
      clock,
      random: () => 0,
      dialer: { dial: (_address, opened) => open = opened },
      events: {
        connected: () => {},
        lost: () => {},
        answered: (first, count) => told.push(`answered ${first} ${count}`),
        rejected: (sequence, { word }, reason) =>
          told.push(`rejected ${sequence}: ${word}, ${reason}`),
        postponed: (count) => told.push(`postponed ${count}`),
        room: () => {},
        silent: () => {},
        answering: () => {},
      },
    },
  );
  core.start();
  const connect = () => {
    const link = new ScriptedLink().to(open!);
    link.receive("confirmacion sd/2 role=head\n");
    return link;
  };
  const wait = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      core.tick();
    }
  };
  const send = (text: string) => {
    core.add(bytesOf(text));
    core.pump();
  };
  const link = connect();
  for (const text of ["uno", "dos", "tres", "cuatro"]) send(text);
  const out = new ByteQueue();
  writeRefusal(out, 4, 1, WireError.notStored, "a disk is full");
  writeRefusal(out, 2, 1, WireError.reused, "used");
  const receipt = { firstSequence: 1, count: 1, tick: 1, copies: 0 };
  writeReceipt(out, receipt, new Uint8Array(), 0);
  link.saidBytes();
  link.receive(out.view().slice());
  assert.deepEqual(told, [
    "postponed 1",
    "rejected 2: reused, used",
    "answered 1 1",
  ]);
  // Nothing is sent any more: not what comes now, nor what is sent again.
  send("cinco");
  assert.equal(told.at(-1), "rejected 5: reused, used");
  wait(1_000);
  assert.equal(told.at(-1), "rejected 4: reused, used");
  assert.doesNotMatch(link.said(), /cinco|cuatro/);
  assert.equal(core.unanswered, 3, "from the third on, which is under way");
  link.breaks();
  wait(5_000);
  const next = connect();
  assert.equal(told.at(-1), "rejected 3: reused, used");
  assert.doesNotMatch(next.said(), /uno|dos|tres|cuatro|cinco/);
  assert.equal(core.unanswered, 0);
});
