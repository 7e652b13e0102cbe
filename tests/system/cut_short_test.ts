/** A client that a signal ends before it has sent what it was to send. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  type Program,
  startNode,
  targets,
} from "../support/program.ts";

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  const startServer = (directory: Directory) =>
    startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.at("s")}`,
    );
  const startClient = (directory: Directory, port: number, flags: string) =>
    startNode(
      target,
      `--role client --to 127.0.0.1:${port} --log-dir ${directory.at("c")} ` +
        flags,
    );
  const errorsOf = (client: Program) =>
    client.lines.filter((line) => /error: /.test(line));

  test("client: --stdin and --count that a signal cuts short end with 1", async () => {
    await using directory = new Directory();
    await using server = startServer(directory);
    const port = await portOf(server);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const cases = [
        [
          "--stdin",
          "the end of standard input: 2 messages sent, 2 answered",
        ],
        [
          "--stdin --count 5",
          "the end of standard input: 2 of 5 messages sent, 2 answered",
        ],
        [
          "--count 3 --interval 1h",
          "all was sent: 1 of 3 messages sent, 1 answered",
        ],
      ] as const;
      for (const [flags, cut] of cases) {
        await using client = startClient(directory, port, flags);
        const lines = flags.includes("--stdin") ? ["uno", "dos"] : [];
        await client.type(lines.map((line) => `${line}\n`).join(""));
        await client.lineCount(/Servidor recibio/, lines.length || 1);
        client.signal(signal);
        assert.equal(await client.exit(), 1, client.lines.join("\n"));
        const errors = errorsOf(client);
        assert.equal(errors.length, 1, client.lines.join("\n"));
        assert.ok(
          errors[0]!.endsWith(`Ended by a signal before ${cut}`),
          errors[0],
        );
      }
    }
  });

  test("client: a signal cuts nothing short that has no end, or is at it: 0", async () => {
    await using directory = new Directory();
    {
      await using server = startServer(directory);
      const port = await portOf(server);
      await using client = startClient(directory, port, "--interval 1h");
      await client.line(/Servidor recibio/);
      assert.equal(await client.stop(), 0);
      assert.deepEqual(errorsOf(client), []);
    }
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("h")}`,
    );
    const port = await portOf(head);
    // It has read what it was to send, though not the end of its input.
    await using client = startClient(directory, port, "--stdin --count 1");
    await client.type("uno\ndos\n");
    await head.line(/no hay dataNodes/);
    client.signal("SIGTERM");
    await client.line(/Draining: 1 message unanswered/);
    await using _node = startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("d")}`,
    );
    assert.equal(await client.exit(), 0, client.lines.join("\n"));
  });
}
