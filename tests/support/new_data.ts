/** A data node with scripted heads and a disk that syncs when a test says so. */

import assert from "node:assert/strict";
import { DataCore } from "../../lib/data/core.ts";
import type { Link, Session } from "../../lib/base/ports.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { TICK_MS } from "../../lib/base/limits.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { WireError } from "../../lib/wire/errors.ts";
import { FrameType, newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import {
  newPieceFields,
  newUnreadFields,
  readPiece,
  readUnread,
  writeRead,
} from "../../lib/wire/read_frames.ts";
import {
  newRecalledFields,
  readPrint,
  readRecalled,
} from "../../lib/wire/recall_frames.ts";
import {
  newNotStoredFields,
  newStoredFields,
  readNotStored,
  readStored,
  type StoreFields,
  writeStore,
} from "../../lib/wire/store_frames.ts";
import { ManualClock } from "./manual_clock.ts";
import { ManualTurn } from "./manual_turn.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { payloadOf } from "./records.ts";
import { ScriptedLink } from "./scripted_link.ts";
import { seededRandom } from "./seeded_random.ts";

const ignore = () => {};

/** A data node, on a disk that may have been used before. */
export function newData(disk = new MemoryDisk()) {
  const turn = new ManualTurn();
  const clock = new ManualClock();
  /** What was lost, and why nothing could be stored. */
  const told: string[] = [];
  let open: ((link: Link) => Session) | undefined;
  const core = new DataCore({
    nodeId: "aaaaaaaa",
    heads: ["h:5000"],
    scrubIntervalMs: Infinity,
  }, {
    clock,
    random: () => 1,
    strongRandom: seededRandom(3),
    turn,
    disk,
    dialer: { dial: (_address, opened) => open = opened },
    events: {
      headJoined: ignore,
      damaged: ignore,
      scrubbed: ignore,
      twinMet: ignore,
      headLost: ignore,
      appended: ignore,
      sealed: ignore,
      committed: ignore,
      peersUnread: ignore,
      outrun: ignore,
      lost: ({ how, name }) => told.push(`${how} ${name}`),
      diskFailed: (reason) => told.push(reason),
    },
  });
  core.open();
  core.start();
  /** Time passes, and what is written beside is done. */
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) {
      clock.advance(TICK_MS);
      core.tickClock();
      for (const done of disk.writes.splice(0)) done();
    }
  };
  /** What each head that joined was told at once, as text. */
  const greetings: string[] = [];
  /** A head that answers the handshake so. */
  const join = (confirmation = "confirmacion sd/2 role=head\n") => {
    const link = new ScriptedLink().to(open!);
    assert.equal(link.said(), "peticion sd/2\n");
    link.receive(confirmation);
    const greeting = link.said();
    assert.match(greeting, /^dataNode/);
    greetings.push(greeting);
    return link;
  };
  return { core, disk, turn, join, greetings, told, pass };
}

/** What a head sends to have messages of the client `c1` stored. */
export function storeFrame(
  ticket: number,
  firstSequence: number,
  texts: readonly string[],
  fields: Partial<StoreFields> = {},
): Uint8Array {
  const payload = payloadOf(texts);
  const out = new ByteQueue();
  const at = writeStore(out, {
    ticket,
    firstSequence,
    floor: 1,
    tick: 5,
    timeMs: 1,
    count: texts.length,
    clientIdLength: 2,
    holders: 1,
    ...fields,
  }, 10 + payload.length);
  out.bytes.set(bytesOf("c1aaaaaaaa"), at);
  out.bytes.set(payload, at + 10);
  return out.view().slice();
}

/** What {@linkcode framesOf} calls the frame that tells of damage. */
export const DAMAGED: string = `type ${FrameType.damaged}`;

/** What it calls the one that tells why nothing can be stored, or that it can. */
export const UNWELL: string = `type ${FrameType.unwell}`;

/** What a data node has answered; how it is, it says unasked. */
export function answers(link: ScriptedLink): string[] {
  return framesOf(link).filter((word) => word !== UNWELL);
}

/** What a data node has said, a word for each frame. */
export function framesOf(link: ScriptedLink): string[] {
  const bytes = link.saidBytes();
  const frame = newFrameBounds();
  const told: string[] = [];
  for (let at = 0; at < bytes.length; at = frame.end) {
    assert.equal(readFrame(bytes, at, bytes.length, frame), 0);
    const reason = textOf(bytes, frame.payload, frame.end);
    const stored = newStoredFields();
    const notStored = newNotStoredFields();
    const piece = newPieceFields();
    const unread = newUnreadFields();
    if (frame.type === 5 && readStored(bytes, frame, stored)) {
      told.push(`stored ${stored.ticket}`);
    } else if (frame.type === 6 && readNotStored(bytes, frame, notStored)) {
      const { firstTicket, lastTicket, code } = notStored;
      const isKind = code === WireError.notStored.code ? "" : ` (${code})`;
      told.push(`not ${firstTicket}..${lastTicket}: ${reason}${isKind}`);
    } else if (frame.type === 13 && readPiece(bytes, frame, piece)) {
      told.push(
        `piece ${piece.ticket} ${piece.position}/${piece.end}: ${reason}`,
      );
    } else if (frame.type === 14 && readUnread(bytes, frame, unread)) {
      told.push(`unread ${unread.ticket}: ${reason}`);
    } else if (frame.type === FrameType.error) {
      told.push(`error: ${reason}`);
    } else if (frame.type === FrameType.recalled) {
      const fields = newRecalledFields();
      assert.ok(readRecalled(bytes, frame, fields));
      const prints = Array.from(
        { length: (frame.end - frame.payload) / 4 },
        (_, i) => readPrint(bytes, frame.payload, i),
      );
      told.push(
        `recalled ${fields.ticket} ${fields.floor}/${fields.end}: ${prints}`,
      );
    } else told.push(`type ${frame.type}`);
  }
  return told;
}

/** What is stored, text by text, as it stands in the file. */
export const stored = (disk: MemoryDisk) =>
  disk.text("data.txt").split("\n").slice(0, -1)
    .map((line) => line.slice(line.indexOf(" mensaje: ") + 10));

/** A request to read. */
export function readRequest(
  ticket: number,
  position: number,
  bytesMax = 1000,
  tick = 40,
) {
  const out = new ByteQueue();
  writeRead(out, { ticket, position, bytesMax, tick, lane: 0 });
  return out.view().slice();
}
