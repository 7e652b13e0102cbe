import assert from "node:assert/strict";
import fc from "fast-check";
import { AttentiveClock } from "../../lib/liveness/attentive_clock.ts";
import {
  BEAT_PROPERTY,
  beatIntervalOf,
} from "../../lib/liveness/beat_interval.ts";
import { Estimate } from "../../lib/liveness/estimate.ts";
import { Pulse } from "../../lib/liveness/pulse.ts";
import { SEND_BYTES_HIGH, TICK_MS } from "../../lib/base/limits.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  type BeatFields,
  FrameStatus,
  FrameType,
  newBeatFields,
  newFrameBounds,
  readBeat,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ScriptedLink } from "../support/scripted_link.ts";
import { seededRandom } from "../support/seeded_random.ts";

const bounds = newFrameBounds();

/** A pulse, and what a peer would do about it. */
function newPulse(patienceMsMin = 1_000, intervalMs = 5_000) {
  const link = new ScriptedLink();
  const pulse = new Pulse(link, { intervalMs, patienceMsMin });
  /** The frames that were sent since the last call. */
  const sent = () => {
    const bytes = link.saidBytes();
    const beats: { type: number; stamp: number; isBusy: boolean }[] = [];
    for (let at = 0; at < bytes.length; at = bounds.end) {
      const status = readFrame(bytes, at, bytes.length, bounds);
      assert.equal(status, FrameStatus.whole);
      const fields = newBeatFields();
      assert.ok(readBeat(bytes, bounds, fields));
      beats.push({ type: bounds.type, ...fields });
    }
    return beats;
  };
  const receive = (
    type: typeof FrameType.beat | typeof FrameType.beatEcho,
    fields: BeatFields,
    nowMs: number,
  ) => {
    const out = new ByteQueue();
    writeBeat(out, type, fields);
    const bytes = out.view();
    readFrame(bytes, 0, bytes.length, bounds);
    return pulse.take(bytes, bounds, nowMs);
  };
  const echo = (stamp: number, nowMs: number) =>
    receive(FrameType.beatEcho, { stamp, isBusy: false }, nowMs);
  /** Beats, and has the beat answered so much later. */
  const beatAndEcho = (nowMs: number, tookMs: number) => {
    pulse.beat(nowMs, false);
    assert.ok(echo(sent().at(-1)!.stamp, nowMs + tookMs));
  };
  return { link, pulse, sent, receive, echo, beatAndEcho };
}

/** A pulse, its peer, and what lies between them, as time passes. */
function newLife(patienceMsMin?: number, intervalMs = 500) {
  const { pulse, sent, echo } = newPulse(patienceMsMin, intervalMs);
  const underWay: { readonly stamp: number; readonly dueMs: number }[] = [];
  let nowMs = 0;
  let isSilent = false;
  /** When unusual silences began to be noticed. */
  const suspectMs: number[] = [];
  /**
   * Lets time pass.
   *
   * @param tookMs How long an answer takes that is asked for at a moment.
   * @param isStopped Whether the peer answers nothing at a moment.
   */
  const live = (
    ms: number,
    tookMs: (nowMs: number) => number,
    isStopped: (nowMs: number) => boolean = () => false,
  ) => {
    for (const endMs = nowMs + ms; nowMs < endMs;) {
      nowMs += 10;
      while (!isStopped(nowMs) && (underWay[0]?.dueMs ?? Infinity) <= nowMs) {
        assert.ok(echo(underWay.shift()!.stamp, nowMs));
      }
      if (nowMs % TICK_MS === 0) {
        if (pulse.isSilent(nowMs) && !isSilent) suspectMs.push(nowMs);
        isSilent = pulse.isSilent(nowMs);
        pulse.tick(nowMs, false);
      }
      for (const { stamp } of sent()) {
        // What comes later on one connection is not heard earlier.
        const afterMs = underWay.at(-1)?.dueMs ?? 0;
        underWay.push({
          stamp,
          dueMs: Math.max(afterMs, nowMs + tookMs(nowMs)),
        });
      }
    }
  };
  /** The peer is stopped. @returns How soon that is noticed, in ms. */
  const pause = (ms: number) => {
    const fromMs = nowMs;
    suspectMs.length = 0;
    live(ms, () => 3, () => true);
    return suspectMs.map((suspected) => suspected - fromMs);
  };
  return { pulse, live, pause, suspectMs, now: () => nowMs };
}

Deno.test("Estimate follows RFC 6298", () => {
  const estimate = new Estimate();
  assert.equal(estimate.boundMs, 0);
  estimate.add(100);
  // SRTT = R, RTTVAR = R/2.
  assert.equal(estimate.meanMs, 100);
  assert.equal(estimate.boundMs, 100 + 4 * 50);
  estimate.add(200);
  // RTTVAR = 3/4 * 50 + 1/4 * 100, SRTT = 7/8 * 100 + 1/8 * 200.
  assert.equal(estimate.meanMs, 112.5);
  assert.equal(estimate.boundMs, 112.5 + 4 * 62.5);
});

Deno.test("an attentive clock passes over what it could not hear", () => {
  const clock = new ManualClock();
  const attentive = new AttentiveClock(clock);
  for (let i = 0; i < 10; i++) {
    clock.advance(TICK_MS);
    attentive.tick();
  }
  assert.equal(attentive.nowMs(), 10 * TICK_MS);
  clock.advance(60_000);
  const afterMs = attentive.nowMs();
  assert.ok(afterMs <= 14 * TICK_MS, `${afterMs}`);
  attentive.tick();
  assert.equal(attentive.nowMs(), afterMs, "it never goes back");
  clock.advance(TICK_MS);
  assert.equal(attentive.nowMs(), afterMs + TICK_MS);
});

Deno.test("an attentive clock never goes back, whatever happens", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ ms: fc.nat(1000), ticks: fc.boolean() })),
    (steps) => {
      const clock = new ManualClock();
      const attentive = new AttentiveClock(clock);
      let last = attentive.nowMs();
      for (const { ms, ticks } of steps) {
        clock.advance(ms);
        if (ticks) attentive.tick();
        assert.ok(attentive.nowMs() >= last);
        assert.ok(attentive.nowMs() - last <= ms);
        last = attentive.nowMs();
      }
    },
  ));
});

Deno.test("a pulse is silent only while an answer is owed", () => {
  const { pulse, sent, echo } = newPulse();
  assert.equal(pulse.silentMs(90_000), 0);
  pulse.beat(100_000, false);
  assert.equal(pulse.isSilent(101_000), false);
  assert.equal(pulse.isSilent(101_001), true);
  assert.equal(pulse.missed, 1);
  const [beat] = sent();
  assert.equal(beat!.type, FrameType.beat);
  assert.ok(echo(beat!.stamp, 101_000));
  assert.equal(pulse.isSilent(190_000), false);
  assert.equal(pulse.missed, 0);
  assert.equal(pulse.heardMs, 101_000);
});

Deno.test("who was silent is asked anew as soon as it answers", () => {
  const { pulse, sent, echo } = newPulse();
  pulse.beat(0, false);
  const [first] = sent();
  assert.ok(echo(first!.stamp, 1_500));
  const [second] = sent();
  assert.equal(second!.stamp, 1_500_000);
  assert.equal(pulse.usualMs, 0, "that it was away for so long says nothing");
  assert.ok(echo(second!.stamp, 1_503));
  assert.equal(pulse.usualMs, 3);
  assert.equal(pulse.isHeard, true);
});

Deno.test("a pulse is answered by other answers, and then waits anew", () => {
  const { pulse } = newPulse();
  pulse.answered(0);
  assert.equal(pulse.silentMs(5_000), 0, "nothing was asked");
  pulse.beat(10_000, false);
  pulse.answered(10_900);
  assert.equal(pulse.isSilent(11_800), false);
  assert.equal(pulse.isSilent(11_901), true);
});

Deno.test("a pulse gives a slow peer more time, and takes it back", () => {
  const { pulse, beatAndEcho } = newPulse();
  for (let i = 0; i < 50; i++) beatAndEcho(i * 10_000, 3);
  assert.equal(pulse.patienceMs, 1_000);
  beatAndEcho(600_000, 900);
  assert.ok(pulse.patienceMs > 2_000, `${pulse.patienceMs}`);
  for (let i = 0; i < 50; i++) beatAndEcho(700_000 + i * 10_000, 3);
  assert.equal(pulse.patienceMs, 1_000);
  for (let i = 0; i < 9; i++) beatAndEcho(2_000_000 + i * 90_000, 60_000);
  assert.equal(pulse.patienceMs, 10_000, "there is an end to it");
});

Deno.test("a peer that pauses again and again is seen as soon each time", () => {
  for (const lastsMs of [1_700, 5_000, 9_500, 30_000]) {
    for (const restMs of [50, 130, 1_500, 5_000, 61_000]) {
      const { pulse, live, pause } = newLife();
      live(10_000, () => 3);
      for (let i = 0; i < 10; i++) {
        const noticed = pause(lastsMs);
        const told = `${lastsMs}, ${restMs}, pause ${i}: ${noticed} ms`;
        assert.equal(noticed.length, 1, told);
        assert.ok(noticed[0]! <= 1_600, told);
        live(restMs, () => 3);
        assert.ok(pulse.usualMs < 20, `${told}, usually ${pulse.usualMs} ms`);
      }
    }
  }
});

Deno.test("a client's pulse learns nothing from a head that paused", () => {
  const { pulse, live, pause } = newLife(2_000, 5_000);
  live(60_000, () => 3);
  for (let i = 0; i < 10; i++) {
    const [noticedMs] = pause(9_000);
    assert.ok(noticedMs! <= 7_150, `pause ${i}: ${noticedMs} ms`);
    live(11_000, () => 3);
    assert.equal(pulse.patienceMs, 2_000);
  }
});

Deno.test("a network that becomes slow is trusted after a suspicion or two", () => {
  for (const tookMs of [400, 800, 1_600, 3_000]) {
    const { pulse, live, suspectMs, now } = newLife();
    live(60_000, () => 3);
    live(600_000, () => tookMs);
    const told = `${tookMs}: suspect at ${suspectMs} of ${now()}`;
    assert.ok(suspectMs.length <= 2, told);
    assert.ok(suspectMs.every((ms) => ms < 70_000), told);
    assert.ok(Math.abs(pulse.usualMs - tookMs) < 60, `${pulse.usualMs}`);
    live(600_000, () => 3);
    assert.equal(pulse.patienceMs, 1_000, "it is fast again");
  }
});

Deno.test("a peer that is always late is learnt, and trusted in the end", () => {
  // It answers all that has come, once in a while.
  for (const periodMs of [2_000, 3_000, 4_000]) {
    const { live, suspectMs, now } = newLife();
    live(60_000, () => 3);
    live(600_000, () => 3, (nowMs) => nowMs % periodMs > 0);
    const told = `${periodMs}: suspect at ${suspectMs} of ${now()}`;
    assert.ok(suspectMs.length > 0, told);
    assert.ok(suspectMs.length <= 6, told);
    assert.ok(suspectMs.at(-1)! < 100_000, told);
  }
});

Deno.test("a peer that takes very different times is trusted in the end", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const { live, suspectMs, now } = newLife();
    live(60_000, () => 3);
    live(600_000, () => 200 + random() * 2_500);
    const told = `seed ${seed}: suspect at ${suspectMs} of ${now()}`;
    assert.ok(suspectMs.length <= 4, told);
    assert.ok(suspectMs.every((ms) => ms < 120_000), told);
  }
});

Deno.test("a peer whose answers come now soon, now late is not suspect", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const { live, suspectMs } = newLife();
    live(600_000, () => random() * 400);
    live(600_000, () => random() < 0.02 ? 900 : 3);
    assert.deepEqual(suspectMs, [], `seed ${seed}`);
  }
});

Deno.test("a pulse knows a busy peer's silence from a dead one's", () => {
  const { pulse, receive, echo, sent } = newPulse();
  pulse.beat(0, false);
  const [first] = sent();
  for (let ms = 500; ms <= 60_000; ms += 500) {
    assert.equal(pulse.isSilent(ms), false, `${ms}`);
    receive(FrameType.beat, { stamp: ms, isBusy: true }, ms);
  }
  assert.equal(pulse.isSilent(61_001), true, "it says so no more");
  echo(first!.stamp, 62_000);
  assert.equal(pulse.usualMs, 0, "that it took so long means nothing");
});

Deno.test("what a peer says of itself is no answer", () => {
  const { pulse, receive } = newPulse();
  pulse.beat(0, false);
  for (let ms = 500; ms <= 2_000; ms += 500) {
    receive(FrameType.beat, { stamp: ms, isBusy: false }, ms);
  }
  assert.equal(pulse.isSilent(2_000), true, "its ears may be cut off");
});

Deno.test("a pulse answers beats with what they hold", () => {
  const { receive, sent } = newPulse();
  assert.ok(receive(FrameType.beat, { stamp: 77, isBusy: true }, 5));
  assert.deepEqual(sent(), [
    { type: FrameType.beatEcho, stamp: 77, isBusy: true },
  ]);
});

Deno.test("a pulse refuses an echo of what it never said", () => {
  const { pulse, echo } = newPulse();
  assert.equal(echo(1, 0), false);
  pulse.beat(10, false);
  assert.equal(echo(10_001, 20), false);
});

Deno.test("a pulse beats when it is time, and oftener while it is busy", () => {
  const { pulse, sent } = newPulse();
  let now = 0;
  const beatsIn = (ms: number, isBusy: boolean) => {
    for (const end = now + ms; now < end; now += TICK_MS) {
      pulse.tick(now, isBusy);
    }
    const beats = sent();
    assert.ok(beats.every((beat) => beat.isBusy === isBusy));
    return beats.length;
  };
  assert.equal(beatsIn(30_000, false), 6);
  assert.equal(beatsIn(5_000, true), 10);
});

Deno.test("a clogged connection gets no more beats, and is silent", () => {
  const { link, pulse } = newPulse();
  link.out.append(new Uint8Array(SEND_BYTES_HIGH));
  pulse.beat(0, false);
  assert.equal(link.out.length, SEND_BYTES_HIGH);
  assert.equal(pulse.isSilent(1_001), true);
});

Deno.test("how often to beat is what the head says, if it makes sense", () => {
  assert.equal(beatIntervalOf({ [BEAT_PROPERTY]: "200" }), 200);
  for (const said of ["", "0", "-1", "1e3", "9".repeat(20), "x"]) {
    assert.equal(beatIntervalOf({ [BEAT_PROPERTY]: said }), 5_000, said);
  }
  assert.equal(beatIntervalOf({}), 5_000);
});
