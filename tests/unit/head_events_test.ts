/** What a head's log says. */

import assert from "node:assert/strict";
import type { EventLog, Log } from "../../lib/system/log.ts";
import type { LogFile } from "../../lib/system/log/log_file.ts";
import { headEvents } from "../../roles/head_events.ts";

/** The events of a head, and what they said. */
function newEvents() {
  const said: string[] = [];
  const say = (text: string) => {
    said.push(text);
  };
  const eventLog: EventLog = { info: say, warning: say, error: say };
  const log = {
    events: () => eventLog,
    lineBudgetOf: () => () => true,
  } as unknown as Log;
  const file = { line() {} } as unknown as LogFile;
  const events = headEvents(log, file, { beatsFile: file, suspected() {} });
  return { events, said };
}

Deno.test("a repair that is over has read all there was, and nothing is left", () => {
  const { events, said } = newEvents();
  const progress = {
    bytesRead: 95 * 1024 * 1024,
    bytesToRead: 100 * 1024 * 1024,
    lacking: 1,
    restored: 2,
    unplaced: 0,
  };
  events.repairing(progress, 19_000);
  events.repaired(progress, 19_000, undefined);
  assert.deepEqual(said, [
    "Repair: 95 % of 100.0 MiB read in 19 s, 1 record with too few copies, " +
    "2 copies made, about 1 s left",
    "Repair ended: 95.0 MiB read in 19 s, 1 record with too few copies, " +
    "2 copies made; nothing is missing",
  ]);
});

Deno.test("what waits for a data node says which there are", () => {
  const { events, said } = newEvents();
  events.holding(0, 1, []);
  events.holding(1, 2, [
    "only 1 dataNode, and a message must be on 2",
    "10.0.0.7 (aaaaaaaa): is ready",
  ]);
  assert.deepEqual(said, [
    "no hay dataNodes: messages wait until one joins",
    "Messages wait: only 1 dataNode, and a message must be on 2; " +
    "10.0.0.7 (aaaaaaaa): is ready",
  ]);
});
