/**
 * `deno bench tests/bench`: the parts that every message passes through, a
 * thousand messages at a time, so that a regression of one shows by itself.
 */

import { Seen } from "../../lib/data/seen.ts";
import { placementOf, placements } from "../../lib/head/delivery/placement.ts";
import type { Member } from "../../lib/head/members/member.ts";
import { GATHER_BYTES_MAX } from "../../lib/base/limits.ts";
import { crc32c } from "../../lib/base/crc32c.ts";
import {
  newParsedRecord,
  parseRecord,
  writeRecords,
} from "../../lib/store/record.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { newReadMessages, readMessages } from "../../lib/wire/client_frames.ts";
import { newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import { printsOf } from "../../lib/wire/print.ts";
import { messagesFrame } from "../support/new_head.ts";
import { headerOf, lineOf, payloadOf } from "../support/records.ts";
import { seededRandom } from "../support/seeded_random.ts";

const COUNT = 1_000;
const texts = Array.from({ length: COUNT }, () => "numero random: 42");
const payload = payloadOf(texts);
const longPayload = payloadOf(
  Array.from({ length: COUNT }, () => "x".repeat(1_024)),
);
const frameBytes = messagesFrame(texts);
const bounds = newFrameBounds();
const messages = newReadMessages();
// As a data node's journal keeps its memory.
const out = new ByteQueue(GATHER_BYTES_MAX);
const record = newParsedRecord();
const line = lineOf(1, texts[0]!);
const candidates = Array.from(
  { length: 16 },
  (_, load) => ({ load, link: { out: { length: 0 } } }),
) as unknown as readonly Member[];

Deno.bench("read a frame of 1,000 messages", () => {
  readFrame(frameBytes, 0, frameBytes.length, bounds);
  readMessages(frameBytes, bounds, messages);
});

Deno.bench("write 1,000 records", () => {
  out.clear();
  writeRecords(out, headerOf(1), payload, 0, COUNT);
});

Deno.bench("write 1,000 records of 1 KiB", () => {
  out.clear();
  writeRecords(out, headerOf(1), longPayload, 0, COUNT);
});

Deno.bench("parse and check 1,000 records", () => {
  for (let i = 0; i < COUNT; i++) parseRecord(line, 0, line.length - 1, record);
});

Deno.bench("CRC-32C of 1,000 messages", () => {
  for (let at = 0; at < payload.length; at += 21) crc32c(payload, at, at + 21);
});

const seen = new Seen();
let sequence = 1;
const prints = printsOf(payload, 0, COUNT);

Deno.bench("check and note 1,000 messages that are new", () => {
  const { clientId, floor } = headerOf(1);
  seen.check(clientId, sequence, COUNT, payload, 0);
  seen.add(clientId, floor, sequence, COUNT, 1, prints);
  sequence += COUNT;
});

for (const name of placements) {
  const place = placementOf(name, seededRandom(1));
  Deno.bench(`place 1,000 batches on 16 data nodes, ${name}`, () => {
    for (let i = 0; i < COUNT; i++) place(candidates);
  });
}
