/** The library's reader, with a head in this process. */

import assert from "node:assert/strict";
import { writeRecords } from "../../lib/store/record.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { ClosedError, read, type Reader, type ReadOptions } from "../../mod.ts";
import { FakeHead, type Stored } from "../support/fake_head.ts";
import { until } from "../support/program.ts";
import { headerOf, payloadOf } from "../support/records.ts";

/** Runs of messages, each on the next data node: `[first sequence, count]`. */
function storedAs(
  nodeCount: number,
  runs: readonly (readonly [number, number])[],
): Stored {
  const nodes = Array.from({ length: nodeCount }, () => new ByteQueue());
  for (const [index, [firstSequence, count]] of runs.entries()) {
    const messages = Array.from({ length: count }, () => "m");
    writeRecords(
      nodes[index % nodeCount]!,
      { ...headerOf(firstSequence), tick: index + 1 },
      payloadOf(messages),
      0,
      count,
    );
  }
  return new Map(
    nodes.map((node, i) => [`node000${i}`, node.view().slice()] as const),
  );
}

const threeMessages = storedAs(1, [[1, 3]]);

async function sequencesOf(reader: Reader): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of reader) sequences.push(sequence);
  return sequences;
}

/** What a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  assert.fail("it was not rejected");
}

Deno.test("Reader gets to the end when thousands at the end are there twice", async () => {
  // A client that resumed has stored all of its messages ten times more; and
  // all of it is read before the first message can be taken.
  const runs = Array.from(
    { length: 10 },
    (_, i) => [1 + i * 100, 100] as const,
  );
  const again = runs.map(() => [1, 1_000] as const);
  using head = new FakeHead(storedAs(10, [...runs, ...again]));
  const sequences = await sequencesOf(read({ to: head.address }));
  assert.deepEqual(sequences, Array.from({ length: 1_000 }, (_, i) => i + 1));
});

Deno.test("Reader lets others have a turn between two portions", async () => {
  const runs = Array.from(
    { length: 10 },
    (_, i) => [1 + i * 1_000, 1_000] as const,
  );
  using head = new FakeHead(storedAs(10, runs));
  using reader = read({ to: head.address });
  /** Whether the event loop has had a turn since the portion before. */
  let hasTurned = true;
  let portions = 0;
  for (let isMore = true; isMore;) {
    let shown = 0;
    isMore = await reader.visit(() => {
      if (shown++ > 0) return;
      portions++;
      assert.ok(hasTurned);
      hasTurned = false;
      setImmediate(() => hasTurned = true);
    });
    assert.ok(shown <= 4_096);
  }
  assert.equal(portions, 3);
});

Deno.test("Reader refuses a second loop, and the first goes on", async () => {
  using head = new FakeHead(threeMessages);
  const reader = read({ to: head.address });
  const first = reader[Symbol.asyncIterator]();
  assert.equal((await first.next()).value.sequence, 1);
  for (const second of [sequencesOf(reader), reader.visit(() => {})]) {
    assert.match(
      (await errorOf(second)).message,
      /^Cannot read: another loop or visit\(\)/,
    );
  }
  assert.equal((await first.next()).value.sequence, 2);
  assert.equal((await first.next()).value.sequence, 3);
  assert.equal((await first.next()).done, true);
  assert.deepEqual(await sequencesOf(reader), []);
});

Deno.test("Reader refuses a second visit while one waits, and not after it", async () => {
  using head = new FakeHead(threeMessages);
  using reader = read({ to: head.address });
  let shown = 0;
  const first = reader.visit(() => shown++);
  const second = reader.visit(() => assert.fail("it was shown a message"));
  assert.match((await errorOf(second)).message, /another loop or visit/);
  await first;
  assert.equal(shown, 3);
  assert.equal(await reader.visit(() => assert.fail("a fourth")), false);
});

Deno.test("Reader.close ends loops and visits that wait, and those to come", async () => {
  using head = new FakeHead(threeMessages);
  const follower = read({ to: head.address, follow: true });
  const taken: number[] = [];
  for await (const { sequence } of follower) {
    taken.push(sequence);
    // While the loop waits for a fourth.
    if (sequence === 3) setTimeout(() => follower.close(), 30);
  }
  assert.deepEqual(taken, [1, 2, 3]);
  const waiting = read({ to: head.address, follow: true });
  while (await waiting.visit(() => setTimeout(() => waiting.close(), 30)));
  for (const reader of [follower, waiting]) {
    assert.deepEqual(await sequencesOf(reader), []);
    assert.equal(await reader.visit(() => assert.fail()), false);
    reader.close();
  }
});

Deno.test("Reader shows nothing more once it is closed within a loop or a visit", async () => {
  using head = new FakeHead(threeMessages);
  const loop = read({ to: head.address });
  const taken: number[] = [];
  for await (const { sequence } of loop) {
    taken.push(sequence);
    loop.close();
  }
  assert.deepEqual(taken, [1]);
  const reader = read({ to: head.address });
  let shown = 0;
  while (
    await reader.visit(() => {
      shown++;
      reader.close();
    })
  );
  assert.equal(shown, 1);
});

Deno.test("Reader closes its connection after break, return, throw and using", async () => {
  using head = new FakeHead(threeMessages);
  for await (const { sequence } of read({ to: head.address })) {
    if (sequence === 2) break;
  }
  await errorOf((async () => {
    for await (const _ of read({ to: head.address })) throw new Error("mine");
  })());
  {
    await using reader = read({ to: head.address, follow: true });
    await reader.visit(() => {});
  }
  await until(() => head.connections === 0);
});

Deno.test("Reader may be closed before and while it is connected", async () => {
  using head = new FakeHead(threeMessages);
  using mute = new FakeHead(new Map(), { isMute: true });
  const told: string[] = [];
  const events: ReadOptions["events"] = {
    connected: () => told.push("connected"),
    lost: (_, reason) => told.push(reason),
  };
  read({ to: head.address, events }).close();
  const shaking = read({ to: mute.address, events });
  await until(() => mute.bytes > 0);
  shaking.close();
  const absent = read({ to: "127.0.0.1:1", events });
  await Promise.resolve();
  absent.close();
  await until(() => mute.connections === 0);
  // Longer than any of the calls takes.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(head.connections, 0);
  assert.deepEqual(told, []);
});

Deno.test("Reader may be closed by its own listener", async () => {
  using head = new FakeHead(threeMessages);
  for (const to of [head.address, "127.0.0.1:1"]) {
    const told: string[] = [];
    const reader: Reader = read({
      to,
      events: {
        connected() {
          told.push("connected");
          reader.close();
        },
        lost() {
          told.push("lost");
          reader.close();
        },
      },
    });
    assert.deepEqual(await sequencesOf(reader), []);
    assert.deepEqual(told, [to === head.address ? "connected" : "lost"]);
  }
  await until(() => head.connections === 0);
});

Deno.test("Reader.visit rejects with what the visitor throws, once and for all", async () => {
  using head = new FakeHead(threeMessages);
  const mine = new Error("mine");
  let shown = 0;
  for (
    const visitor of [
      () => {
        shown++;
        throw mine;
      },
      () => {
        shown++;
        return Promise.reject(mine);
      },
    ]
  ) {
    const reader = read({ to: head.address });
    const visit = async () => {
      while (await reader.visit(visitor));
    };
    assert.equal(await errorOf(visit()), mine);
    // Nothing is missing only because it was not shown: it is told again.
    assert.equal(await errorOf(visit()), mine);
    assert.equal(await errorOf(sequencesOf(reader)), mine);
  }
  assert.ok(shown >= 2);
  await until(() => head.connections === 0);
});

Deno.test("Reader ends with the error of a listener, whichever throws", async () => {
  const damaged = storedAs(1, [[1, 3]]).get("node0000")!.slice();
  damaged[20]! ^= 1;
  using head = new FakeHead(new Map([["node0000", damaged]]));
  const mine = new Error("mine");
  const throwers = [
    () => {
      throw mine;
    },
    () => Promise.reject(mine),
  ];
  for (const thrower of throwers) {
    for (const name of ["connected", "lost", "missing", "copy"]) {
      const reader = read({
        to: name === "lost" ? "127.0.0.1:1" : head.address,
        // Else a loop could be over before an async listener has failed.
        follow: true,
        events: { [name]: thrower },
      });
      const error = await errorOf(sequencesOf(reader));
      assert.ok(error instanceof ClosedError);
      assert.equal(error.cause, mine);
      assert.equal(
        error.message,
        `Reader was closed, because its listener '${name}' threw: mine`,
      );
      assert.equal(await errorOf(reader.visit(() => {})), error);
    }
  }
});

Deno.test("read tells what is wrong with its options, at the call", () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /^TypeError: Cannot read: expected options to be an object/],
    ["h:5000", /^TypeError: .* got a string$/],
    [{}, /^TypeError: Cannot read: expected 'to' to be .*, got undefined$/],
    [{ to: 5000 }, /^TypeError: .* got a number$/],
    [{ to: ["h", null] }, /^TypeError: .*every address.*, got null$/],
    [{ to: [] }, /^RangeError: Cannot read: the list of addresses is empty$/],
    [{ to: "" }, /^RangeError: Cannot read: '' is no address: .*HOST:PORT$/],
    [{ to: "http://x" }, /^RangeError: .*'http:\/\/x' is no address/],
    [{ to: ["h", "h:70000"] }, /^RangeError: .*'h:70000' is no address/],
    [{ to: "h", follow: "yes" }, /^TypeError: .*'follow'.*, got a string$/],
    [{ to: "h", events: null }, /^TypeError: .*'events'.*, got null$/],
    [{ to: "h", events: { lost: 1 } }, /^TypeError: .*'events.lost'.* number$/],
  ];
  for (const [options, expected] of cases) {
    let error: unknown;
    try {
      read(options as ReadOptions).close();
    } catch (thrown) {
      error = thrown;
    }
    assert.match(`${error}`, expected);
  }
});
