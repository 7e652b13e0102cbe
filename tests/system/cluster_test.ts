/** Activity 2 with real processes: a head, data nodes, clients. */

import assert from "node:assert/strict";
import {
  answersIn,
  Directory,
  Peer,
  portOf,
  type Program,
  runNode,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

function startHead(target: Target, directory: Directory, flags = "") {
  const line = `--role head --host 127.0.0.1 --port 0 --log-dir ${
    directory.at("head")
  } ${flags}`;
  return startNode(target, line.trim());
}

function startData(
  target: Target,
  directory: Directory,
  name: string,
  port: number,
) {
  return startNode(
    target,
    `--role data --head 127.0.0.1:${port} --dir ${directory.at(name)}`,
  );
}

function runClient(
  target: Target,
  directory: Directory,
  port: number,
  flags: readonly string[],
) {
  return runNode(target, [
    "--role=client",
    `--to=127.0.0.1:${port}`,
    `--log-dir=${directory.at("client")}`,
    ...flags,
  ]);
}

/** All lines of the data nodes, as `id mensaje: …`. */
function stored(directory: Directory, ...names: readonly string[]): string[] {
  return names.flatMap((name) => directory.lines(`${name}/data.txt`));
}

const payloads = (lines: readonly string[]) =>
  lines.map((line) => line.slice(line.indexOf(" mensaje: ") + 10));

/** Ids of the messages that a head's log says are stored. */
function toldIds(lines: readonly string[]): Set<string> {
  const ids = new Set<string>();
  for (const line of lines) {
    const match = / (\S+)-(\d+)(?:\.\.(\d+))? <- dataNode /.exec(line);
    if (match === null) continue;
    const [, client, first, last = first] = match;
    for (let i = Number(first); i <= Number(last); i++) {
      ids.add(`${client}-${i}`);
    }
  }
  return ids;
}

/** A port that nobody listens on, for a head that comes later. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("head, three data nodes, clients: every message is stored and answered", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using one = startData(target, directory, "d1", port);
    await using two = startData(target, directory, "d2", port);
    await using three = startData(target, directory, "d3", port);
    await head.lineCount(/dataNode .* joined/, 3);
    const clients = await Promise.all(
      ["a", "b"].map((name) =>
        runClient(target, directory, port, [
          `--message=soy ${name}`,
          "--count=30",
          "--interval=5ms",
        ])
      ),
    );
    for (const { code, errors } of clients) assert.equal(code, 0, errors);

    const records = stored(directory, "d1", "d2", "d3");
    assert.deepEqual(
      payloads(records).sort(),
      [..."a".repeat(30), ..."b".repeat(30)].map((name) => `soy ${name}`),
    );
    for (const record of records) {
      assert.match(
        record,
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-z]{8} \d+\/\d+ [\w.-]+-\d+ [0-9a-f]{8} mensaje: soy [ab]$/,
      );
    }
    const answers = answersIn(directory.lines("client/registro_cliente.txt"));
    assert.equal(answers.length, 60);
    for (const answer of answers) {
      assert.match(
        answer,
        /^[\d-]+ [\d:]+,\d{3} - 127\.0\.0\.1 , mensaje: recibido \([\w.-]+\)$/,
      );
    }
    const registry = directory.lines("head/registro_server.txt");
    const count = (text: string) =>
      registry.filter((line) => line.includes(text)).length;
    assert.equal(count("-> dataNode 127.0.0.1"), 60);
    assert.equal(count("mensaje: soy"), 60);
    assert.equal(count(", mensaje: recibido"), 60);
    for (const node of [one, two, three]) assert.equal(await node.stop(), 0);
    assert.equal(await head.stop(), 0);
  });

  test("any start order works: client, then data node, then head", async () => {
    await using directory = new Directory();
    const port = freePort();
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --message hola ` +
        `--log-dir ${directory.at("client")}`,
    );
    await client.line(/No connection/);
    await using node = startData(target, directory, "d1", port);
    await node.line(/No connection to head/);
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port ${port} ` +
        `--log-dir ${directory.at("head")}`,
    );
    assert.equal(await client.exit(), 0);
    assert.deepEqual(payloads(stored(directory, "d1")), ["hola"]);
    assert.equal(await head.stop(), 0);
  });

  test("without data nodes a message waits, and is delivered when one joins", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    using peer = await Peer.join(port, "cliente");
    await peer.say("espera\n");
    await head.line(/no hay dataNodes/);
    await using node = startData(target, directory, "d1", port);
    assert.equal(await peer.line(), "127.0.0.1 , mensaje: recibido");
    assert.deepEqual(payloads(stored(directory, "d1")), ["espera"]);
    await node.kill();
    await head.line(/dataNode .* left/);
    await peer.say("otra\n");
    await head.lineCount(/no hay dataNodes/, 2);
  });

  test("many clients at once: each gets its own answers, in order", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using _one = startData(target, directory, "d1", port);
    await using _two = startData(target, directory, "d2", port);
    await head.lineCount(/dataNode .* joined/, 2);
    const clients = 40;
    const each = 25;
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        using peer = await Peer.join(port, "cliente");
        const texts = Array.from({ length: each }, (_, i) => `${client}:${i}`);
        await peer.say(texts.map((text) => `${text}\n`).join(""));
        for (let i = 0; i < each; i++) {
          assert.equal(await peer.line(), "127.0.0.1 , mensaje: recibido");
        }
        await peer.end();
        assert.equal(await peer.line(), undefined, "no answer more");
      }),
    );
    const texts = payloads(stored(directory, "d1", "d2"));
    assert.equal(texts.length, clients * each);
    assert.equal(new Set(texts).size, clients * each);
  });

  test("a data node killed under load: nothing is lost, nothing is stuck", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using doomed = startData(target, directory, "d1", port);
    await using _two = startData(target, directory, "d2", port);
    await head.lineCount(/dataNode .* joined/, 2);
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --stdin ` +
        `--log-dir ${directory.at("client")}`,
    );
    const lines = Array.from({ length: 4000 }, (_, i) => `linea ${i}`);
    const half = lines.length / 2;
    await client.type(lines.slice(0, half).map((l) => `${l}\n`).join(""));
    await client.line(/recibido/);
    await doomed.kill();
    await client.type(lines.slice(half).map((l) => `${l}\n`).join(""));
    await client.endInput();
    assert.equal(await client.exit(), 0);
    await head.line(/dataNode .* left/);
    assert.equal(
      answersIn(directory.lines("client/registro_cliente.txt")).length,
      lines.length,
    );
    const texts = new Set(payloads(stored(directory, "d1", "d2")));
    assert.deepEqual(lines.filter((line) => !texts.has(line)), []);
  });

  test("a head killed under load: the client goes on with the next one", async () => {
    await using directory = new Directory();
    const port = freePort();
    const startHeadAgain = () =>
      startNode(
        target,
        `--role head --host 127.0.0.1 --port ${port} ` +
          `--log-dir ${directory.at("head")}`,
      );
    await using head = startHeadAgain();
    await portOf(head);
    await using node = startData(target, directory, "d1", port);
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --stdin ` +
        `--log-dir ${directory.at("client")}`,
    );
    // Few enough that each has its lines in the head's log.
    const lines = Array.from({ length: 400 }, (_, i) => `linea ${i}`);
    await client.type(lines.slice(0, 200).map((l) => `${l}\n`).join(""));
    await client.line(/recibido/);
    await head.kill();
    await client.type(lines.slice(200).map((l) => `${l}\n`).join(""));
    await client.endInput();
    await using again = startHeadAgain();
    assert.equal(await client.exit(), 0);
    await node.lineCount(/Joined head/, 2);
    const texts = new Set(payloads(stored(directory, "d1")));
    assert.deepEqual(lines.filter((line) => !texts.has(line)), []);

    // Every answer that the client has is in the head's log, killed or not.
    const told = toldIds(directory.lines("head/registro_server.txt"));
    const answered = answersIn(directory.lines("client/registro_cliente.txt"))
      .map((line) => /recibido \((\S+)\)$/.exec(line)?.[1] ?? line);
    assert.equal(answered.length, lines.length);
    assert.deepEqual(answered.filter((id) => !told.has(id)), []);
    assert.equal(await again.stop(), 0);
  });

  test("a data node that returns has its id, its records, and new ones", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    const send = (text: string) =>
      runClient(target, directory, port, [`--message=${text}`]);
    await using first = startData(target, directory, "d1", port);
    await first.line(/Joined/);
    assert.equal((await send("uno")).code, 0);
    await first.kill();
    await using second = startData(target, directory, "d1", port);
    await second.line(/1 record in data\.txt/);
    await second.line(/Joined/);
    assert.equal((await send("dos")).code, 0);
    const records = stored(directory, "d1");
    assert.deepEqual(payloads(records), ["uno", "dos"]);
    assert.equal(records[0]!.split(" ")[1], records[1]!.split(" ")[1]);
  });

  test("two data nodes never share a directory", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using first = startData(target, directory, "d1", port);
    await first.line(/Joined/);
    await using second = startData(target, directory, "d1", port);
    assert.equal(await second.exit(), 1);
    assert.deepEqual(second.errorLines, [
      `sd-node: Cannot use directory '${directory.at("d1")}': another ` +
      "dataNode runs there; give each its own with --dir",
    ]);
    await first.kill();
    await using third = startData(target, directory, "d1", port);
    await third.line(/Joined/);
  });

  test("with --replicas 2 each message is on two data nodes", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory, "--replicas 2");
    const port = await portOf(head);
    await using _one = startData(target, directory, "d1", port);
    await using _two = startData(target, directory, "d2", port);
    const { code } = await runClient(target, directory, port, [
      "--message=doble",
      "--count=5",
      "--interval=1ms",
    ]);
    assert.equal(code, 0);
    for (const name of ["d1", "d2"]) {
      assert.equal(stored(directory, name).length, 5);
    }
    assert.match(
      answersIn(directory.lines("client/registro_cliente.txt"))[0]!,
      / - 127\.0\.0\.1, 127\.0\.0\.1 , mensaje: recibido/,
    );
  });

  test("drains: SIGTERM answers what is in flight, then ends with 0", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using node = startData(target, directory, "d1", port);
    await node.line(/Joined/);
    using peer = await Peer.join(port, "cliente");
    const count = 200;
    await peer.say("hola\n".repeat(count));
    const stops: Program[] = [head, node];
    assert.equal(await peer.line(), "127.0.0.1 , mensaje: recibido");
    for (const program of stops) program.signal("SIGTERM");
    let answered = 1;
    while (await peer.line() !== undefined) answered++;
    assert.equal(await head.exit(), 0);
    assert.equal(await node.exit(), 0);
    assert.ok(stored(directory, "d1").length >= answered);
  });

  test("a second signal ends at once", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    using peer = await Peer.join(await portOf(head), "cliente");
    await peer.say("nadie me guarda\n");
    await head.line(/no hay dataNodes/);
    head.signal("SIGINT");
    await head.line(/Draining/);
    head.signal("SIGINT");
    assert.equal(await head.exit(), 130);
  });

  test("client: --stdin takes any bytes, and they come back from data.txt", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const port = await portOf(head);
    await using node = startData(target, directory, "d1", port);
    await node.line(/Joined/);
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --stdin ` +
        `--log-dir ${directory.at("client")}`,
    );
    await client.type("ñandú 👩‍🔬\r\n\ntab\there \\n\nlast without ending");
    await client.endInput();
    assert.equal(await client.exit(), 0);
    assert.deepEqual(payloads(stored(directory, "d1")), [
      "ñandú 👩‍🔬",
      "",
      "tab\\there \\\\n",
      "last without ending",
    ]);
  });
}
