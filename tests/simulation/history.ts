/**
 * What happened to every message, and what must be true of it in the end.
 */

import assert from "node:assert/strict";
import { unescapeInto } from "../../lib/wire/escape.ts";
import { newParsedRecord, parseRecord } from "../../lib/store/record.ts";
import { joinedRecords } from "../../lib/store/recovery.ts";
import { textOf } from "../../lib/base/ascii.ts";
import type { ReadBack } from "./cluster.ts";
import type { SimDisk } from "./sim_disk.ts";

/** A message as its client sees it. */
export interface Sent {
  readonly text: string;
  /** When it was sent, by the world's clock. */
  readonly sentMs: number;
  /** Where the answer says that it is; undefined while there is none. */
  answer: readonly string[] | undefined;
}

/** All messages of a run, by their text, which is different for each. */
export class History {
  readonly messages = new Map<string, Sent>();

  /** A client is about to send. @returns What to fill in the answer of. */
  sends(text: string, sentMs = 0): Sent {
    assert.equal(this.messages.has(text), false, `'${text}' is sent twice`);
    const sent: Sent = { text, sentMs, answer: undefined };
    this.messages.set(text, sent);
    return sent;
  }

  /** Messages that were answered. */
  answered(): Sent[] {
    return [...this.messages.values()].filter((sent) =>
      sent.answer !== undefined
    );
  }

  /**
   * Checks the history against what was read back: all that was answered, each
   * message once, unchanged, and every client's in its own order.
   */
  checkRead(read: readonly ReadBack[]): void {
    const seen = new Set<string>();
    const last = new Map<string, { sequence: number; number: number }>();
    for (const { clientId, sequence, text } of read) {
      assert.ok(this.messages.has(text), `'${text}' was never sent`);
      assert.ok(!seen.has(text), `'${text}' was read twice`);
      seen.add(text);
      // One that was refused, and stored all the same by a data node that was
      // given up too early, comes when it comes.
      if (this.messages.get(text)!.answer === undefined) continue;
      const number = Number(/#(\d+)/.exec(text)![1]);
      const before = last.get(clientId) ?? { sequence: 0, number: 0 };
      assert.ok(
        sequence > before.sequence && number > before.number,
        `'${text}' (${clientId}-${sequence}) was read after ` +
          `${before.sequence} (#${before.number})`,
      );
      last.set(clientId, { sequence, number });
    }
    for (const { text } of this.answered()) {
      assert.ok(seen.has(text), `'${text}' was answered, and not read`);
    }
  }

  /**
   * Checks the history against the disks of the data nodes, by address.
   *
   * @param copies How many data nodes an answer must name.
   */
  check(disks: ReadonlyMap<string, SimDisk>, copies: number): void {
    const stored = new Map<string, Set<string>>();
    for (const [address, disk] of disks) {
      for (const text of storedTexts(disk)) {
        stored.set(text, (stored.get(text) ?? new Set()).add(address));
      }
    }
    for (const { text, answer } of this.answered()) {
      assert.equal(
        new Set(answer).size,
        answer!.length,
        `'${text}': ${answer}`,
      );
      assert.ok(answer!.length >= copies, `'${text}' has too few copies`);
      for (const address of answer!) {
        assert.ok(
          stored.get(text)?.has(address),
          `'${text}' was answered as stored at ${address}, and is not`,
        );
      }
    }
    for (const text of stored.keys()) {
      assert.ok(this.messages.has(text), `'${text}' was never sent`);
    }
  }
}

/** The texts of all whole records of a disk. */
export function storedTexts(disk: SimDisk): string[] {
  const texts: string[] = [];
  const record = newParsedRecord();
  for (const [name, file] of disk.files) {
    if (!/^(data|restored).*\.txt$/.test(name)) continue;
    const bytes = file.bytes.subarray(0, file.length);
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(10, at);
      // The last record of a segment may lack its ending.
      const lf = found < 0 ? bytes.length : found;
      // A damaged ending joins records, which are whole.
      const starts = joinedRecords(bytes, at, lf, record);
      if (starts.length === 0) starts.push(at);
      for (const [i, start] of starts.entries()) {
        const next = starts[i + 1] ?? lf + 1;
        if (!parseRecord(bytes, start, next - 1, record)) continue;
        const payload = bytes.slice(record.payloadStart, record.payloadEnd);
        const end = unescapeInto(payload, 0, payload, 0, payload.length);
        texts.push(textOf(payload, 0, end));
      }
      at = lf + 1;
    }
  }
  return texts;
}

/** Text that looks like a person's, with what is hard to carry in it. */
export function awkwardText(name: string, random: () => number): string {
  const endings = ["", " ", "ñandú", "\\n", "mensaje: x", "👩‍🔬", "recibido"];
  return `${name} ${endings[Math.floor(random() * endings.length)]}`;
}
