/** `--check` against real processes: at work, absent, hung, of another role. */

import assert from "node:assert/strict";
import { DIAL_TIMEOUT_MS } from "../../lib/base/limits.ts";
import { askStatus } from "../../lib/system/ask_status.ts";
import { formatStatus } from "../../lib/wire/status.ts";
import {
  Directory,
  freePort,
  Peer,
  portOf,
  runNode,
  start,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

const check = (target: Target, line: string) =>
  runNode(target, `${line} --check`);

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("check: a head, its data node and its client, from start to end", async () => {
    await using directory = new Directory();
    const port = freePort();
    const headFlags = `--role head --host 127.0.0.1 --port ${port}`;
    const dataFlags =
      `--role data --head 127.0.0.1:${port} --dir ${directory.path}/*`;
    const clientFlags = `--role client --to 127.0.0.1:${port}`;

    const absent = await check(target, headFlags);
    assert.equal(absent.code, 1);
    assert.equal(
      absent.errors,
      `sd-node: The head at 127.0.0.1:${port} does not serve: nobody ` +
        "listens there",
    );
    const homeless = await check(target, dataFlags);
    assert.equal(homeless.code, 1);
    assert.equal(
      homeless.errors,
      `sd-node: No dataNode runs in '${directory.path}/*'`,
    );
    assert.equal((await check(target, clientFlags)).code, 1);

    await using head = startNode(
      target,
      `${headFlags} --log-dir ${directory.path}`,
    );
    await portOf(head);
    const alone = await check(target, headFlags);
    assert.equal(alone.code, 0, alone.errors);
    assert.match(alone.out, /serves, with 0 dataNodes alive$/);

    await using node = startNode(target, dataFlags);
    const [, id] = await node.line(/dataNode (\w{8}) in/);
    await node.line(/Joined/);
    assert.match(
      (await check(target, headFlags)).out,
      /serves, with 1 dataNode alive$/,
    );
    const joined = await check(target, dataFlags);
    assert.equal(joined.out, `dataNode ${id} serves`, joined.errors);
    assert.equal((await check(target, clientFlags)).code, 0);
    assert.ok(
      head.lines.every((line) => !line.includes("cliente")),
      "a check is no client",
    );

    head.signal("SIGSTOP");
    const hung = await check(target, headFlags);
    assert.equal(hung.code, 1);
    assert.match(hung.errors, /does not serve: no answer within 3 s$/);
    head.signal("SIGCONT");

    await head.stop();
    await node.line(/No connection to head/);
    const headless = await check(target, dataFlags);
    assert.equal(headless.code, 1);
    assert.equal(
      headless.errors,
      `sd-node: dataNode ${id} does not serve; head 127.0.0.1:${port}: ` +
        "nobody listens there",
    );
  });

  test("check: a head whose only dataNode refuses is not well", async () => {
    await using directory = new Directory();
    const port = freePort();
    const flags = `--role head --host 127.0.0.1 --port ${port}`;
    await using head = startNode(
      target,
      `${flags} --log-dir ${directory.path}`,
    );
    await portOf(head);
    using person = await Peer.join(port, "dataNode");
    using client = await Peer.join(port, "cliente");
    await head.line(/dataNode .* joined/);
    await client.say("hola\n");
    await person.line();
    await person.say("no hay sitio\n");
    assert.equal(await client.line(), "error not-stored: no hay sitio");
    const refusing = await check(target, flags);
    assert.equal(refusing.code, 1, "nothing waits here, and nothing is stored");
    assert.match(
      refusing.errors,
      /is not well: no dataNode can store: 127\.0\.0\.1 \(\w{8}\): no hay sitio$/,
    );
    await client.say("hola\n");
    await person.line();
    await person.say("recibido\n");
    assert.match((await client.line())!, /recibido/);
    assert.equal((await check(target, flags)).code, 0);
  });

  test("check: of two heads, the one that says unwell counts", async () => {
    await using directory = new Directory();
    const dir = directory.at("d");
    await using node = startNode(
      target,
      `--role data --head 127.0.0.1:${freePort()} --dir ${dir}`,
    );
    const [, id] = await node.line(/dataNode (\w{8}) in/);
    /** Answers whoever asks as a head that has the data node for alive. */
    const head = (unwell?: string) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const nodes = [{
        ...{ id: id!, address: "127.0.0.1", state: "alive" },
        ...unwell === undefined ? {} : { unwell },
      }];
      const text = formatStatus({ role: "head", properties: {}, nodes });
      void (async () => {
        for await (const conn of listener) {
          await conn.read(new Uint8Array(100));
          await conn.write(new TextEncoder().encode(text));
          conn.close();
        }
      })();
      return listener;
    };
    using well = head();
    using unwell = head("No space left");
    const addressOf = ({ addr }: Deno.TcpListener) => `127.0.0.1:${addr.port}`;
    const both = `${addressOf(well)},${addressOf(unwell)}`;
    const ask = (heads: string) =>
      check(target, `--role data --head ${heads} --dir ${dir}`);
    assert.equal((await ask(addressOf(well))).code, 0);
    const { code, errors } = await ask(both);
    assert.equal(code, 1);
    assert.match(errors, /does not serve; .*No space left/);
    // One that cannot be reached says nothing about the data node.
    const absent = `${addressOf(well)},127.0.0.1:${freePort()}`;
    assert.equal((await ask(absent)).code, 0);
  });

  test("check: a server is no head, and a check takes no client's place", async () => {
    await using directory = new Directory();
    await using server = startNode(
      target,
      "--role server --host 127.0.0.1 --port 0 --total-clients 1 " +
        `--log-dir ${directory.path}`,
    );
    const port = await portOf(server);
    const flags = `--host 127.0.0.1 --port ${port}`;
    assert.equal((await check(target, `--role server ${flags}`)).code, 0);
    const { code, errors } = await check(target, `--role head ${flags}`);
    assert.equal(code, 1);
    assert.equal(
      errors,
      `sd-node: At 127.0.0.1:${port} is a server, not a head`,
    );
    assert.deepEqual(
      directory.lines("log.txt").filter((line) => line.includes("joined")),
      [],
    );
  });
}

Deno.test("check: the time for an answer covers the connection", async () => {
  // Its queue is full: the kernel leaves whoever calls without an answer.
  await using deaf = start("python3", [
    "-u",
    "-c",
    `
import socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=0)
address = listener.getsockname()
queue = []
for _ in range(8):
    caller = socket.socket()
    caller.setblocking(False)
    caller.connect_ex(address)
    queue.append(caller)
print(address[1])
sys.stdin.read()
`,
  ]);
  const [port] = await deaf.line(/^\d+$/);
  const startMs = performance.now();
  const status = await askStatus(`127.0.0.1:${port}`, 200);
  assert.equal(status, "it does not answer");
  assert.ok(performance.now() - startMs < DIAL_TIMEOUT_MS - 1_000);
});
