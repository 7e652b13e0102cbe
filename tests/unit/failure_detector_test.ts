import assert from "node:assert/strict";
import { STORE_TIMEOUT_MS } from "../../lib/base/limits.ts";
import { textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  FrameType,
  newBeatFields,
  newFrameBounds,
  readBeat,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import {
  newReadStore,
  readStore,
  writeStored,
} from "../../lib/wire/store_frames.ts";
import { messagesFrame, newHead } from "../support/new_head.ts";
import type { ScriptedLink } from "../support/scripted_link.ts";

const bounds = newFrameBounds();

/** What a head has sent a data node: messages to store, and beats. */
function sentTo(link: ScriptedLink) {
  const bytes = link.saidBytes();
  const texts: string[] = [];
  const stamps: number[] = [];
  for (let at = 0; at < bytes.length; at = bounds.end) {
    assert.equal(readFrame(bytes, at, bytes.length, bounds), 0);
    const beat = newBeatFields();
    const store = newReadStore();
    if (bounds.type === FrameType.beat) {
      readBeat(bytes, bounds, beat);
      stamps.push(beat.stamp);
    } else if (bounds.type === FrameType.store) {
      assert.ok(readStore(bytes, bounds, store));
      texts.push(textOf(bytes, store.messagesAt + 4, bounds.end));
    }
  }
  return { texts, stamps };
}

/** A data node answers beats with these stamps. */
function echo(link: ScriptedLink, stamps: readonly number[]): void {
  const out = new ByteQueue();
  for (const stamp of stamps) {
    writeBeat(out, FrameType.beatEcho, { stamp, isBusy: false });
  }
  link.receive(out.view().slice());
}

/** A data node says that it has stored all up to a ticket. */
function stored(link: ScriptedLink, ticket: number): void {
  const out = new ByteQueue();
  writeStored(out, ticket, 1, 0);
  link.receive(out.view().slice());
}

/** A head with two data nodes, the first of which is chosen first. */
function newCluster() {
  const head = newHead({ placement: "round-robin" });
  const nodes = ["aaaaaaaa", "bbbbbbbb"].map((id) =>
    head.joinAs(`dataNode id=${id} life=1`, "frame")
  );
  const [first, second] = [nodes[0]!, nodes[1]!];
  const client = head.joinAs("cliente id=c", "frame");
  /** The second is well all the time; and the first, if it is told so. */
  const live = (ms: number, alive: readonly ScriptedLink[] = [second]) => {
    for (let rest = ms; rest > 0; rest -= 50) {
      head.pass(50);
      for (const node of alive) echo(node, sentTo(node).stamps);
    }
  };
  live(200, nodes);
  const told = (event: string) =>
    head.told.filter((line) => line.startsWith(event));
  return { ...head, first, second, client, live, told, toldAll: head.told };
}

/** A head with one data node, whose disk stores when it is told to. */
function newDisk() {
  const head = newHead();
  const node = head.joinAs("dataNode id=aaaaaaaa life=1", "frame");
  const client = head.joinAs("cliente id=c", "frame");
  let given = 0;
  let stamps: number[] = [];
  let sequence = 0;
  /** Time passes; the process answers beats, or does not. */
  const live = (ms: number, isAnswering = true) => {
    for (let rest = ms; rest > 0; rest -= 50) {
      head.pass(50);
      echo(client, sentTo(client).stamps);
      const sent = sentTo(node);
      given += sent.texts.length;
      stamps.push(...sent.stamps);
      if (!isAnswering) continue;
      echo(node, stamps);
      stamps = [];
    }
  };
  live(200);
  return {
    live,
    receive: () =>
      client.receive(messagesFrame(["x"], { firstSequence: ++sequence })),
    /** All that it was given is stored. */
    answer: () => stored(node, given),
    told: (event: string) => head.told.filter((line) => line.startsWith(event)),
  };
}

Deno.test("a data node that is silent is suspect, and its messages go on", () => {
  const { client, first, second, pass, told } = newCluster();
  client.receive(messagesFrame(["uno"]));
  assert.deepEqual(sentTo(first).texts, ["uno"]);
  pass(300);
  const { stamps } = sentTo(first);
  assert.equal(stamps.length, 1, "an answer stays away: it is asked");
  echo(second, sentTo(second).stamps);
  pass(900);
  assert.deepEqual(told("memberSuspected"), []);
  pass(200);
  assert.equal(told("memberSuspected").length, 1);
  assert.match(
    told("memberSuspected")[0]!,
    /3 beats missed, no answer for 1\.\d s .*, nothing known of the host.* 1$/,
  );
  assert.deepEqual(sentTo(second).texts, ["uno"]);
  // Whatever comes next goes to the other.
  client.receive(messagesFrame(["dos", "tres"], { firstSequence: 2 }));
  assert.deepEqual(sentTo(first).texts, []);
});

Deno.test("a data node with nothing to do is suspect as soon, every time", () => {
  const { first, second, live, told } = newCluster();
  live(10_000, [first, second]);
  for (let i = 1; i <= 10; i++) {
    let noticedMs = 0;
    for (let ms = 50; ms <= 5_000; ms += 50) {
      live(50);
      if (noticedMs === 0 && told("memberSuspected").length === i) {
        noticedMs = ms;
      }
    }
    assert.ok(noticedMs > 0 && noticedMs <= 1_600, `${i}: ${noticedMs} ms`);
    assert.match(
      told("memberSuspected").at(-1)!,
      /[23] beats missed, no answer for 1\.[01] s \(usually \d{1,2} ms\)/,
    );
    // Pauses begin at any time between two beats.
    live(2_000 + 70 * i, [first, second]);
    assert.equal(told("memberTrusted").length, i);
  }
});

Deno.test("what comes after a pause is no measure of a disk", () => {
  const { live, receive, answer, told } = newDisk();
  for (let i = 1; i <= 10; i++) {
    // The process pauses with a message in flight to it, and answers beats
    // before it has stored.
    receive();
    live(i % 2 === 0 ? 5_000 : 1_700, false);
    assert.equal(told("memberSuspected").length, 2 * i - 1);
    live(100);
    answer();
    live(500);
    // The process is well, and its disk stores nothing.
    receive();
    live(2_100);
    assert.equal(told("memberSuspected").length, 2 * i);
    assert.match(told("memberSuspected").at(-1)!, /nothing stored for 2\.\d s/);
    answer();
    live(500);
    // What it stores in time comes in between.
    receive();
    live(100);
    answer();
    live(1_000);
  }
});

Deno.test("a disk that is always slow is learnt, and trusted in the end", () => {
  const { live, receive, answer, told } = newDisk();
  for (let i = 0; i < 100; i++) {
    receive();
    live(3_000);
    answer();
    live(100);
  }
  const suspicions = told("memberSuspected").length;
  assert.ok(suspicions >= 1 && suspicions <= 4, `${suspicions}`);
});

Deno.test("a suspect that answers is trusted again, and chosen", () => {
  const { client, first, live, told } = newCluster();
  live(1_400);
  assert.equal(told("memberSuspected").length, 1);
  echo(first, sentTo(first).stamps);
  live(50, [first]);
  assert.equal(told("memberTrusted").length, 1);
  client.receive(messagesFrame(["uno"]));
  client.receive(messagesFrame(["dos"], { firstSequence: 2 }));
  assert.equal(sentTo(first).texts.length, 1);
});

Deno.test("a suspect's late answer counts, and asks for no copy more", () => {
  const { client, first, second, core, live } = newCluster();
  client.receive(messagesFrame(["uno"]));
  live(1_500, []);
  assert.deepEqual(sentTo(second).texts, ["uno"]);
  client.said();
  stored(first, 1);
  assert.notEqual(client.said(), "", "it is on a disk");
  assert.equal(core.heldMessages, 0);
  stored(second, 1);
  assert.equal(client.said(), "", "answered once");
});

Deno.test("two answers of one data node are one copy", () => {
  const { pass, joinAs } = newHead({ replicas: 2, minReplicas: 2 });
  const first = joinAs("dataNode id=aaaaaaaa life=1", "frame");
  const second = joinAs("dataNode id=bbbbbbbb life=1", "frame");
  const client = joinAs("cliente id=c", "frame");
  for (const node of [first, second]) echo(node, sentTo(node).stamps);
  client.receive(messagesFrame(["uno"]));
  // The first falls silent, and is given the message again when it is back.
  const sent = { texts: [] as string[], stamps: [] as number[] };
  for (let ms = 0; ms < 1_500; ms += 50) {
    pass(50);
    echo(second, sentTo(second).stamps);
    const { texts, stamps } = sentTo(first);
    sent.texts.push(...texts);
    sent.stamps.push(...stamps);
  }
  echo(first, sent.stamps);
  pass(50);
  sent.texts.push(...sentTo(first).texts);
  assert.deepEqual(sent.texts, ["uno", "uno"]);
  client.said();
  stored(first, 2);
  assert.equal(client.said(), "", "one copy of two");
  stored(second, 1);
  assert.notEqual(client.said(), "");
});

Deno.test("a process that hangs on a host that answers is dead in the end", () => {
  const { core, first, live, told } = newCluster();
  for (let i = 0; i < 18; i++) {
    core.pinged("192.0.2.7", true);
    live(500);
  }
  assert.deepEqual(told("memberDied"), [], "it may go on");
  for (let i = 0; i < 4; i++) {
    core.pinged("192.0.2.7", true);
    live(500);
  }
  assert.match(told("memberDied")[0]!, /answered ping .*: its process hangs/);
  assert.equal(first.isAborted, true);
  assert.equal(core.members.length, 1);
});

Deno.test("a silent process on a silent host is dead sooner", () => {
  const head = newHead();
  const node = head.joinAs("dataNode id=aaaaaaaa life=1", "frame");
  echo(node, sentTo(node).stamps);
  head.pass(1_600);
  assert.equal(head.core.pinged("192.0.2.7", false), "doubtful");
  head.pass(4_500);
  assert.equal(head.core.members.length, 1, "one ping is lost easily");
  assert.equal(head.core.pinged("192.0.2.7", false), "doubtful");
  head.pass(50);
  assert.match(
    head.told.find((line) => line.startsWith("memberDied"))!,
    /host does not answer 2 pings: it is down or cut off/,
  );
  assert.deepEqual(head.core.hosts(), []);
  assert.equal(
    head.core.pinged("192.0.2.7", false),
    "silent",
    "a host that is left by all is not pinged on",
  );
});

Deno.test("a process that answers is alive, though its host answers no ping", () => {
  const { core, first, second, live, told } = newCluster();
  for (let i = 0; i < 100; i++) {
    assert.equal(core.pinged("192.0.2.7", false), "there");
    live(200, [first, second]);
  }
  assert.deepEqual(told("memberSuspected"), []);
});

Deno.test("a disk that stores nothing makes suspect, then dead", () => {
  const { client, core, first, second, live, told } = newCluster();
  client.receive(messagesFrame(["uno"]));
  live(2_200, [first, second]);
  assert.match(
    told("memberSuspected")[0]!,
    /it answers beats, but nothing stored for 2\.\d s/,
  );
  stored(second, 1);
  for (let i = 0; i < STORE_TIMEOUT_MS / 1_000; i++) {
    core.pinged("192.0.2.7", true);
    live(1_000, [first, second]);
  }
  assert.match(told("memberDied")[0]!, /its disk hangs/);
});

Deno.test("the head's own absence is held against nobody", () => {
  const { clock, core, told, live, first, second } = newCluster();
  live(300, []);
  clock.advance(60_000);
  core.tick();
  live(100, [first, second]);
  assert.deepEqual(told("memberSuspected"), []);
  assert.equal(core.members.length, 2);
});

Deno.test("two data nodes with one id: the second is refused", () => {
  const { core, joinAs, live, first } = newCluster();
  const twin = joinAs("dataNode id=aaaaaaaa life=2", "frame");
  assert.match(twin.said(), /aaaaaaaa is here already, from 192\.0\.2\.7/);
  assert.equal(twin.isEnding, true);
  assert.equal(first.isAborted, false);
  // The first was asked whether it is there; it is not, and makes room.
  live(1_200);
  const again = joinAs("dataNode id=aaaaaaaa life=2", "frame");
  assert.equal(again.isEnding, false);
  assert.equal(first.isAborted, true);
  assert.equal(core.members.length, 2);
});

Deno.test("a data node that connects again takes its own place", () => {
  const { core, joinAs, first, told } = newCluster();
  const again = joinAs("dataNode id=aaaaaaaa life=1", "frame");
  assert.equal(again.isEnding, false);
  assert.equal(first.isAborted, true);
  assert.equal(core.members.length, 2);
  assert.equal(told("memberJoined").length, 3);
});

Deno.test("a head drops a client whose host has vanished, and no other", () => {
  const { core, pass, joinAs, told } = newHead();
  const vanished = joinAs("cliente id=v", "frame");
  const idle = joinAs("cliente id=i", "frame");
  for (let i = 0; i < 100; i++) {
    pass(1_000);
    echo(idle, sentTo(idle).stamps);
  }
  assert.equal(vanished.isAborted, true);
  assert.equal(idle.isAborted, false);
  assert.equal(core.connections, 1);
  assert.ok(told.some((line) => /clientLeft .*no answer for 60 s/.test(line)));
});
