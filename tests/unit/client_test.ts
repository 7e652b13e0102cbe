/** The library's client, with a head in this process. */

import assert from "node:assert/strict";
import {
  type Client,
  ClosedError,
  connect,
  type ConnectionEvents,
  type ConnectOptions,
  RejectedError,
} from "../../mod.ts";
import { FakeHead } from "../support/fake_head.ts";
import { until } from "../support/program.ts";

/** Nobody listens there. */
const NOWHERE = "127.0.0.1:1";

/** What a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  assert.fail("it was not rejected");
}

/** Notes everything that a client tells. */
function listeners(told: string[]): ConnectionEvents {
  return {
    connected: (_, role) => told.push(`connected ${role}`),
    lost: (_, reason) => told.push(`lost: ${reason}`),
  };
}

Deno.test("Client may be closed before and while it is connected, and tells nothing after", async () => {
  using head = new FakeHead();
  using mute = new FakeHead(new Map(), { isMute: true });
  const told: string[] = [];
  const events = listeners(told);

  const dialing = connect({ to: head.address, events });
  const receipt = dialing.send("uno");
  await dialing.close();
  await dialing.close();
  assert.ok(await errorOf(receipt) instanceof ClosedError);

  const shaking = connect({ to: mute.address, events });
  await until(() => mute.bytes > 0);
  await shaking.close();

  const absent = connect({ to: NOWHERE, events });
  await absent.close();
  {
    await using _client = connect({ to: [head.address, NOWHERE], events });
  }
  assert.deepEqual(await dialing.sendBatch([]), []);
  await until(() => mute.connections === 0);
  // Longer than any of the calls takes.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(head.connections, 0);
  assert.deepEqual(told, []);
});

Deno.test("Client may be closed by its own listener", async () => {
  using head = new FakeHead();
  for (const to of [head.address, NOWHERE]) {
    const told: string[] = [];
    const { connected, lost } = listeners(told);
    const client: Client = connect({
      to,
      events: {
        connected(...args) {
          connected!(...args);
          client.close();
        },
        lost(...args) {
          lost!(...args);
          client.close();
        },
      },
    });
    const error = await errorOf(client.send("uno"));
    assert.ok(error instanceof ClosedError);
    assert.equal(error.cause, undefined);
    await client.flush();
    assert.deepEqual(told, [
      to === NOWHERE ? "lost: nobody listens there" : "connected head",
    ]);
  }
  await until(() => head.connections === 0);
});

Deno.test("Client ends with the error of a listener, whichever throws", async () => {
  using head = new FakeHead(new Map(), { trouble: "disk full" });
  const mine = new Error("mine");
  const throwers = [
    () => {
      throw mine;
    },
    () => Promise.reject(mine),
  ];
  for (const thrower of throwers) {
    for (const name of ["connected", "lost", "postponed"]) {
      const client = connect({
        to: name === "lost" ? NOWHERE : head.address,
        events: { [name]: thrower },
      });
      const sent = errorOf(client.send("uno"));
      const flushed = errorOf(client.flush());
      const queued = errorOf(client.send(new Uint8Array(200_000)));
      const error = await sent;
      assert.ok(error instanceof ClosedError);
      assert.equal(error.cause, mine);
      assert.equal(
        error.message,
        `Client was closed, because its listener '${name}' threw: mine`,
      );
      assert.equal(await queued, error);
      assert.equal(await flushed, error);
      assert.equal(await errorOf(client.send("dos")), error);
      assert.equal(await errorOf(client.flush()), error);
      await client.close();
    }
  }
  await until(() => head.connections === 0);
});

Deno.test("Client refuses what is neither text nor bytes", async () => {
  using head = new FakeHead();
  await using client = connect({ to: head.address });
  const cases: [unknown, string][] = [
    [new ArrayBuffer(3), "an ArrayBuffer"],
    [new Uint16Array(3), "a Uint16Array"],
    [new DataView(new ArrayBuffer(3)), "a DataView"],
    [5, "a number"],
    [null, "null"],
    [undefined, "undefined"],
    [[1, 2, 3], "an Array"],
    [{ length: 3 }, "an object"],
    [Object.create(null), "an object"],
    [() => "uno", "a function"],
    [Symbol("uno"), "a symbol"],
    [new String("uno"), "a String"],
    [Promise.resolve("uno"), "a Promise"],
  ];
  for (const [message, kind] of cases) {
    const error = await errorOf(client.send(message as string));
    assert.ok(error instanceof TypeError);
    assert.equal(
      error.message,
      `Cannot send ${kind}: expected a string or a Uint8Array`,
    );
  }
  assert.equal(client.unanswered, 0);
});

Deno.test("Client sends bytes as they are at the call, and none that are gone", async () => {
  const stored: string[] = [];
  using head = new FakeHead(new Map(), {
    message: (bytes) => stored.push(new TextDecoder().decode(bytes)),
  });
  await using client = connect({ to: head.address });
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const resizable = new Uint8Array(new ArrayBuffer(3, { maxByteLength: 9 }));
  resizable.set(bytesOf("uno"));
  const fixed = new Uint8Array(resizable.buffer, 1, 2);
  const moved = bytesOf("dos");
  const changed = bytesOf("tres");
  const shared = new Uint8Array(new SharedArrayBuffer(6));
  shared.set(bytesOf("cuatro"));
  const receipts = [resizable, moved, changed, shared, bytesOf(""), ""].map(
    (message) => client.send(message),
  );
  resizable.buffer.resize(0);
  structuredClone(moved, { transfer: [moved.buffer] });
  changed.fill(88);
  shared.fill(88);
  await Promise.all(receipts);
  assert.deepEqual(stored, ["uno", "dos", "tres", "cuatro", "", ""]);
  for (const gone of [moved, fixed]) {
    const error = await errorOf(client.send(gone));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /^Cannot send bytes that are gone/);
  }
  // It follows its buffer, which now is empty; that is no loss.
  await client.send(resizable);
  assert.equal(stored.length, 7);
});

Deno.test("Client sends a batch of anything iterable, and nothing else", async () => {
  const stored: string[] = [];
  using head = new FakeHead(new Map(), {
    message: (bytes) => stored.push(new TextDecoder().decode(bytes)),
  });
  await using client = connect({ to: head.address });
  await client.sendBatch(new Set(["uno", "dos"]));
  await client.sendBatch((function* () {
    yield "tres";
  })());
  assert.deepEqual(await client.sendBatch([]), []);
  const wrong: unknown[] = [5, null, undefined, {}, { length: 2 }, "hola"];
  wrong.push(new Uint8Array(3));
  for (const messages of wrong) {
    const error = await errorOf(client.sendBatch(messages as string[]));
    assert.ok(error instanceof TypeError, `${messages}`);
    assert.match(error.message, /^Cannot send .* as a batch: expected a list/);
  }
  assert.deepEqual(stored, ["uno", "dos", "tres"]);
});

// An unhandled rejection would end the test run.
Deno.test("Client.sendBatch rejects once, whatever becomes of the others", async () => {
  const client = connect({ to: NOWHERE });
  const mine = new Error("mine");
  const broken = client.sendBatch((function* () {
    yield "uno";
    yield "dos";
    throw mine;
  })());
  const mixed = client.sendBatch(["uno", 5 as unknown as string, "tres"]);
  const tooLong = client.sendBatch(["uno", "x".repeat(300_000), "tres"]);
  assert.equal(await errorOf(broken), mine);
  assert.ok(await errorOf(mixed) instanceof TypeError);
  assert.ok(await errorOf(tooLong) instanceof RejectedError);
  assert.equal(client.unanswered, 6);
  await client.close();
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("connect tells what is wrong with its options, at the call", () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /^TypeError: Cannot connect: expected options to be an object/],
    ["h:5000", /^TypeError: .* got a string$/],
    [{}, /^TypeError: Cannot connect: expected 'to' to be .*, got undefined$/],
    [{ to: 5000 }, /^TypeError: .* got a number$/],
    [{ to: new Set("h") }, /^TypeError: .* got a Set$/],
    [{ to: ["h", null] }, /^TypeError: .*every address.*, got null$/],
    [{ to: [] }, /^RangeError: Cannot connect: the list of addresses is empty/],
    [
      { to: "http://x" },
      /^RangeError: Cannot connect: 'http:\/\/x' is no addr/,
    ],
    [{ to: "h", clientId: 5 }, /^TypeError: .*'clientId'.*, got a number$/],
    [{ to: "h", clientId: null }, /^TypeError: .*'clientId'.*, got null$/],
    [{ to: "h", clientId: "a b" }, /^RangeError: .*client id 'a b' is not 1 t/],
    [{ to: "h", clientId: "" }, /^RangeError: .*client id '' is not 1 to 64/],
    [{ to: "h", peer: "x" }, /^RangeError: .*'peer'.* server, got 'x'$/],
    [{ to: "h", peer: 1 }, /^TypeError: .*'peer'.*, got a number$/],
    [{ to: "h", events: 1 }, /^TypeError: .*'events'.*, got a number$/],
    [{ to: "h", events: { lost: 1 } }, /^TypeError: .*'events.lost'.* number$/],
  ];
  for (const [options, expected] of cases) {
    let error: unknown;
    try {
      connect(options as ConnectOptions).close();
    } catch (thrown) {
      error = thrown;
    }
    assert.match(`${error}`, expected);
  }
});
