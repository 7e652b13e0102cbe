/** Activity 1 with real processes: a server and its clients. */

import assert from "node:assert/strict";
import {
  answersIn,
  Directory,
  Peer,
  portOf,
  runNode,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

function startServer(target: Target, directory: Directory, flags = "") {
  const line =
    `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.path} ${flags}`;
  return startNode(target, line.trim());
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("server and client: every message comes back and is written down", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    const port = await portOf(server);
    const { code, errors } = await runNode(
      target,
      `--role client --to 127.0.0.1:${port} --count 5 --interval 20ms ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(code, 0, errors);
    const answers = answersIn(directory.lines("respuestas.txt"));
    assert.equal(answers.length, 5);
    const messages = directory.lines("log.txt")
      .filter((line) => line.includes("numero random"));
    assert.equal(messages.length, 5);
    answers.forEach((answer, i) => {
      const [, text] =
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - Servidor recibio: (numero random: \d{1,3})$/
          .exec(answer) ?? assert.fail(answer);
      assert.ok(messages[i]!.endsWith(` ${text}`), messages[i]);
      const number = Number(text!.slice("numero random: ".length));
      assert.ok(number >= 0 && number <= 100, text);
    });
  });

  test("client: its numbers are every one from 0 to 100, and no other", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    const port = await portOf(server);
    const { code, errors } = await runNode(
      target,
      `--role client --to 127.0.0.1:${port} --count 5000 --interval 0ms ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(code, 0, errors);
    const answers = answersIn(directory.lines("respuestas.txt"));
    assert.equal(answers.length, 5000);
    // That one of 101 is missing among 5,000 has a chance below 10^-19.
    const numbers = new Set(answers.map((line) => line.split(": ").at(-1)));
    assert.deepEqual(
      [...numbers].map(Number).sort((a, b) => a - b),
      Array.from({ length: 101 }, (_, i) => i),
    );
  });

  test("server: a hundred at once, and one line for the next", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    const port = await portOf(server);
    const peers: Peer[] = [];
    try {
      for (let i = 0; i < 100; i++) peers.push(await Peer.join(port));
      using late = await Peer.connect(port);
      await late.say("peticion");
      assert.equal(
        await late.line(),
        "error full: 100 clients are connected, the limit; try again later",
      );
      assert.equal(await late.line(), undefined, "and is closed");
      await Promise.all(peers.map(async (peer, i) => {
        await peer.say(`soy ${i}\n`);
        assert.equal(await peer.line(), `soy ${i}`);
      }));
      peers.pop()![Symbol.dispose]();
      await server.line(/left/);
      peers.push(await Peer.join(port));
      const said = directory.lines("log.txt").filter((l) => l.includes("soy"));
      assert.equal(said.length, 100);
    } finally {
      for (const peer of peers) peer[Symbol.dispose]();
    }
  });

  test("server --total-clients ends when they are gone", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory, "--total-clients 2");
    const port = await portOf(server);
    using first = await Peer.join(port);
    {
      using second = await Peer.join(port);
      await second.say("dos\n");
      assert.equal(await second.line(), "dos");
    }
    await server.line(/left/);
    await first.say("sigo\n");
    assert.equal(await first.line(), "sigo");
    first[Symbol.dispose]();
    assert.equal(await server.exit(), 0);
  });

  test("server: letters cut in two by the network come back whole", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    using peer = await Peer.join(await portOf(server));
    const bytes = new TextEncoder().encode("ñandú 👩‍🔬\n");
    for (const byte of bytes) await peer.say(Uint8Array.of(byte));
    assert.equal(await peer.line(), "ñandú 👩‍🔬");
    assert.ok(directory.lines("log.txt").at(-1)!.endsWith(" ñandú 👩‍🔬"));
  });

  test("server killed: everything it answered is in its log", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    using peer = await Peer.join(await portOf(server));
    const texts = Array.from({ length: 500 }, (_, i) => `mensaje ${i}`);
    await peer.say(texts.map((text) => `${text}\n`).join(""));
    const answered: string[] = [];
    // Killed in the middle: the rest is unknown, what was answered is not.
    for (let i = 0; i < 100; i++) answered.push((await peer.line())!);
    await server.kill();
    for (;;) {
      const line = await peer.line();
      if (line === undefined) break;
      answered.push(line);
    }
    const logged = directory.lines("log.txt").join("\n");
    for (const text of answered) assert.ok(logged.includes(` ${text}`), text);
  });

  test("client calls again when its server goes away, and says so once", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory);
    const port = await portOf(server);
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --count 20 --interval 50ms ` +
        `--log-dir ${directory.path}`,
    );
    await client.lineCount(/Servidor recibio/, 3);
    await server.kill();
    await client.line(/No connection to/);
    await using again = startNode(
      target,
      `--role server --host 127.0.0.1 --port ${port} ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(await client.exit(), 0);
    assert.equal(answersIn(directory.lines("respuestas.txt")).length, 20);
    const absences = client.lines.filter((l) => l.includes("No connection"));
    assert.equal(absences.length, 1, absences.join("\n"));
    assert.equal(await again.stop(), 0);
  });
}
