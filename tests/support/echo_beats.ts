import assert from "node:assert/strict";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  FrameType,
  newBeatFields,
  newFrameBounds,
  readBeat,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import type { ScriptedLink } from "./scripted_link.ts";

/** A data node in frames answers the beats that it was sent. */
export function echoBeats(node: ScriptedLink): void {
  const bytes = node.saidBytes();
  const bounds = newFrameBounds();
  const out = new ByteQueue();
  for (let at = 0; at < bytes.length; at = bounds.end) {
    assert.equal(readFrame(bytes, at, bytes.length, bounds), 0);
    if (bounds.type !== FrameType.beat) continue;
    const beat = newBeatFields();
    readBeat(bytes, bounds, beat);
    writeBeat(out, FrameType.beatEcho, beat);
  }
  node.receive(out.view().slice());
}
