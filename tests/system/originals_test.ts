/** The programs of 2019 against ours, each a process of its own. */

import assert from "node:assert/strict";
import {
  answersIn,
  Directory,
  Peer,
  portOf,
  type Program,
  runNode,
  start,
  startNode,
  startOriginal,
  targets,
} from "../support/program.ts";

/** The port that an original server or head says it has. */
async function originalPort(program: Program): Promise<number> {
  return Number((await program.line(/^puerto (\d+)$/))[1]);
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  const startHead = (directory: Directory) =>
    startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );

  test("an original client talks with our server", async () => {
    await using directory = new Directory();
    await using server = startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );
    await using client = startOriginal(
      "cliente",
      "127.0.0.1",
      await portOf(server),
      4,
    );
    await client.line(/^respuestas: 4$/);
    assert.equal(await client.exit(), 0);
    for (let i = 0; i < 4; i++) {
      assert.ok(
        directory.lines("log.txt").some((line) =>
          line.endsWith(` numero random: ${i}`)
        ),
      );
    }
  });

  for (const mode of ["", "estricto"]) {
    test(`our client talks with an original server ${mode}`, async () => {
      await using directory = new Directory();
      await using server = startOriginal("servidor", mode);
      const { code, errors } = await runNode(
        target,
        `--role client --to 127.0.0.1:${await originalPort(server)} ` +
          `--count 4 --interval 10ms --log-dir ${directory.path}`,
      );
      assert.equal(code, 0, errors);
      const answers = answersIn(directory.lines("respuestas.txt"));
      assert.equal(answers.length, 4);
      for (const answer of answers) {
        assert.match(answer, / - Servidor recibio: numero random: \d+$/);
      }
    });
  }

  // Both targets are the same code, and this takes ten seconds.
  if (target === targets[0]) {
    test("our client tells when an original server does not answer, and when it does again", async () => {
      await using directory = new Directory();
      await using server = startOriginal("servidor", "");
      const port = await originalPort(server);
      await using client = startNode(
        target,
        `--role client --to 127.0.0.1:${port} --count 2 --interval 1s ` +
          `--log-dir ${directory.path}`,
      );
      await client.line(/Servidor recibio/);
      server.signal("SIGSTOP");
      await client.line(
        new RegExp(
          `No answer from server 127.0.0.1:${port} for 10 s to 1 message; ` +
            "still waiting$",
        ),
      );
      server.signal("SIGCONT");
      await client.line(
        new RegExp(`server 127.0.0.1:${port} answers again, after \\d+ s$`),
      );
      assert.equal(await client.exit(), 0);
      assert.equal(answersIn(directory.lines("respuestas.txt")).length, 2);
    });
  }

  test("original clients and original data nodes share our head", async () => {
    await using directory = new Directory();
    await using head = startHead(directory);
    const port = await portOf(head);
    const file = directory.at("original.txt");
    await using node = startOriginal("data_node", "127.0.0.1", port, file);
    await node.line(/conectado/);
    await head.line(/dataNode .* joined \(chunk\)/);
    const clients = [1, 2, 3].map(() =>
      startOriginal("cliente", "127.0.0.1", port, 5, "cliente")
    );
    try {
      for (const client of clients) {
        await client.line(/^respuestas: 5$/);
        assert.match(
          client.lines[0]!,
          /^Servidor recibio: 127\.0\.0\.1 , mensaje: recibido/,
        );
        assert.equal(await client.exit(), 0);
      }
      const stored = directory.lines("original.txt");
      assert.equal(stored.length, 15);
      for (const line of stored) {
        assert.match(line, /^mensaje: numero random: \d+$/);
      }
    } finally {
      for (const client of clients) await client.kill();
    }
  });

  test("old and new data nodes are mixed, and old ones may go", async () => {
    await using directory = new Directory();
    await using head = startHead(directory);
    const port = await portOf(head);
    const file = directory.at("original.txt");
    await using old = startOriginal("data_node", "127.0.0.1", port, file, 3);
    await using node = startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("d1")}`,
    );
    await head.lineCount(/dataNode .* joined/, 2);
    const { code, errors } = await runNode(
      target,
      `--role client --to 127.0.0.1:${port} --count 40 --interval 1ms ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(code, 0, errors);
    assert.equal(await old.exit(), 0);
    await head.line(/dataNode .* left/);
    assert.equal(directory.lines("original.txt").length, 3);
    const ours = directory.lines("d1/data.txt").length;
    // What came in one frame with those that it did not answer is sent again
    // with them, and so may be its third, which it leaves after.
    assert.ok(ours >= 37 && ours <= 40, [ours, ...head.lines].join("\n"));
    assert.equal(await node.stop(), 0);
  });

  for (const mode of ["", "estricto"]) {
    test(`our data node and client join an original head ${mode}`, async () => {
      await using directory = new Directory();
      await using head = startOriginal("head", mode);
      const port = await originalPort(head);
      await using node = startNode(
        target,
        `--role data --head 127.0.0.1:${port} --dir ${directory.at("d1")}`,
      );
      await head.line(/^dataNode 127\.0\.0\.1$/);
      const { code, errors } = await runNode(
        target,
        `--role client --to 127.0.0.1:${port} --count 3 --interval 10ms ` +
          `--log-dir ${directory.path}`,
      );
      assert.equal(code, 0, errors);
      const stored = directory.lines("d1/data.txt");
      assert.equal(stored.length, 3);
      for (const line of stored) {
        assert.match(line, / mensaje: numero random: \d+$/);
      }
      for (const line of answersIn(directory.lines("registro_cliente.txt"))) {
        assert.match(line, / - 127\.0\.0\.1 , mensaje: recibido$/);
      }
      assert.equal(await node.stop(), 0);
    });
  }

  test("a person with nc is client, and another is data node", async () => {
    await using directory = new Directory();
    await using head = startHead(directory);
    const port = `${await portOf(head)}`;
    await using node = start("nc", ["127.0.0.1", port]);
    await node.type("peticion\n");
    await node.line(/^confirmacion$/);
    await node.type("dataNode\n");
    await head.line(/dataNode .* joined \(line\)/);
    await using client = start("nc", ["127.0.0.1", port]);
    await client.type("peticion\ncliente\nhola, ñandú\n");
    await node.line(/^mensaje: hola, ñandú$/);
    await node.type("recibido\n");
    await client.line(/^127\.0\.0\.1 , mensaje: recibido$/);
  });

  test("an original that hangs keeps one message, and not for long", async () => {
    await using directory = new Directory();
    await using head = startHead(directory);
    const port = await portOf(head);
    await using hanging = startOriginal(
      "data_node",
      "127.0.0.1",
      port,
      directory.at("hanging.txt"),
    );
    await hanging.line(/^conectado$/);
    hanging.signal("SIGSTOP");
    await using _other = startOriginal(
      "data_node",
      "127.0.0.1",
      port,
      directory.at("other.txt"),
    );
    await head.lineCount(/dataNode .* joined \(chunk\)/, 2);
    // So many that it is chosen: it is one of two whenever both are free.
    const { code, errors } = await runNode(
      target,
      `--role client --to 127.0.0.1:${port} --message hola --count 30 ` +
        `--interval 0ms --log-dir ${directory.path}`,
    );
    assert.equal(code, 0, errors);
    await head.line(
      /dataNode .* suspect: nothing stored for 2\.\d s, .*; 1 message in flight to it redelivered/,
    );
    assert.equal(directory.lines("other.txt").length, 30);
    hanging.signal("SIGCONT");
    await head.line(/dataNode .* alive again: it answered after/);
    assert.equal(directory.lines("hanging.txt").length, 1);
  });

  test("a wrong word costs nobody else anything", async () => {
    await using directory = new Directory();
    await using head = startHead(directory);
    const port = await portOf(head);
    await using node = startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("d1")}`,
    );
    await node.line(/Joined/);
    using good = await Peer.join(port, "cliente");
    for (
      const bad of ["GET / HTTP/1.0\r\n\r\n", "\x00\xff\xfe", "peticion\nx\n"]
    ) {
      using peer = await Peer.connect(port);
      await peer.say(bad);
      let last: string | undefined;
      for (;;) {
        const line = await peer.line();
        if (line === undefined) break;
        last = line;
      }
      assert.match(last!, /^error handshake: expected /);
    }
    await good.say("sigo aqui\n");
    assert.equal(await good.line(), "127.0.0.1 , mensaje: recibido");
  });
}
