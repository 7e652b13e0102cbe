/** The heartbeat with a real `ping`, with one that finds nobody, and without. */

import assert from "node:assert/strict";
import {
  Directory,
  Peer,
  portOf,
  startNode,
  type Target,
  targets,
  until,
} from "../support/program.ts";

/** A head that beats often, with `ping` found where `path` says. */
function startHead(target: Target, directory: Directory, path?: string) {
  return startNode(
    target,
    "--role head --host 127.0.0.1 --port 0 --heartbeat-interval 100ms " +
      `--log-dir ${directory.path}`,
    path === undefined ? {} : { env: { PATH: path } },
  );
}

/** How soon who is stopped must be suspect, in ms, on a machine that is busy. */
const SUSPECT_MS_MAX = 3_000;

/** When a line was written, in ms since 1970. */
function timeOf(line: string): number {
  return Date.parse(line.slice(0, 23).replace(" ", "T").replace(",", "."));
}

/** A directory with the programs that are needed, and no `ping` yet. */
async function pathWithoutPing(directory: Directory): Promise<string> {
  const path = directory.at("bin");
  await Deno.mkdir(path);
  const programs = ["sh", "id", "stat", "deno"];
  for (const program of programs) {
    for (const place of Deno.env.get("PATH")!.split(":")) {
      try {
        await Deno.symlink(
          await Deno.realPath(`${place}/${program}`),
          `${path}/${program}`,
        );
        break;
      } catch {
        // Not in this place.
      }
    }
  }
  return path;
}

/** A `ping` that runs this instead. */
async function writePing(path: string, script: string): Promise<void> {
  await Deno.writeTextFile(`${path}/ping`, `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("heartbeat: a host that answers ping is disponible", async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    using _node = await Peer.join(await portOf(head), "dataNode");
    await head.lineCount(/127\.0\.0\.1 disponible/, 3);
    const [joined, ...pings] = directory.lines("heartbeat_server.txt");
    const [, id] = /- dataNode 127\.0\.0\.1 \((\w{8})\) joined \(line\)$/
      .exec(joined!)!;
    for (const line of pings) {
      const [, time, said] = /^([\d-]+ [\d:]+,\d{3}) - (.*)$/.exec(line)!;
      assert.ok(time);
      assert.match(
        said!.replace(id!, "ID"),
        /^127\.0\.0\.1 disponible \(ping [\d.]+ ms\), dataNode ID$/,
      );
    }
  });

  test("heartbeat: a host that does not answer is put out", async () => {
    await using directory = new Directory();
    const path = await pathWithoutPing(directory);
    await writePing(path, "exit 1");
    await using head = startHead(target, directory, path);
    const port = await portOf(head);
    using node = await Peer.join(port, "dataNode");
    await head.line(
      /127\.0\.0\.1 no disponible, dataNode \w{8}: no answer to ping within/,
    );
    // Three in a row are enough; more can be told of within one tick.
    await head.line(
      /dataNode 127\.0\.0\.1 \(\w{8}\) no disponible, eliminado: host does not answer [3-9] pings/,
    );
    await head.line(/dataNode .* left: host does not answer [3-9] pings/);
    assert.equal(await node.line(), undefined, "its connection is closed");
    using client = await Peer.join(port, "cliente");
    await client.say("hola\n");
    await head.line(/no hay dataNodes/);
  });

  test("heartbeat: a ping that takes too long is ended, and others go on", async () => {
    await using directory = new Directory();
    const path = await pathWithoutPing(directory);
    // Long enough to be late, and over by itself.
    await writePing(path, "i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done");
    await using head = startNode(
      target,
      "--role head --host 127.0.0.1 --port 0 --heartbeat-interval 50ms " +
        `--heartbeat-timeout 150ms --log-dir ${directory.path}`,
      { env: { PATH: path } },
    );
    using _node = await Peer.join(await portOf(head), "dataNode");
    await head.line(
      /no disponible, dataNode \w{8}: no answer to ping within 150 ms/,
    );
    await head.line(/no disponible, eliminado/);
  });

  test("heartbeat: without ping there is one warning, and nobody is dead", async () => {
    await using directory = new Directory();
    const path = await pathWithoutPing(directory);
    await using head = startHead(target, directory, path);
    const port = await portOf(head);
    using node = await Peer.join(port, "dataNode");
    await head.line(/Cannot ping: there is no 'ping' on this machine/);
    // Three more beats pass before the end of this exchange.
    for (let i = 0; i < 3; i++) {
      using client = await Peer.join(port, "cliente");
      await client.say("hola\n");
      assert.equal(await node.line(), "mensaje: hola");
      await node.say("recibido\n");
      assert.equal(await client.line(), "127.0.0.1 , mensaje: recibido");
    }
    assert.equal(await head.stop(), 0);
    const warnings = head.lines.filter((line) => line.includes("Cannot ping"));
    assert.equal(warnings.length, 1, head.lines.join("\n"));
    assert.deepEqual(head.errorLines, []);
  });

  test("heartbeat: an idle process that is stopped is suspect at once, each time", async () => {
    await using directory = new Directory();
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );
    await using node = startNode(
      target,
      `--role data --head 127.0.0.1:${await portOf(head)} ` +
        `--dir ${directory.at("data")}`,
    );
    const suspicions = () =>
      directory.lines("heartbeat_server.txt").filter((line) =>
        line.includes(" suspect: ")
      );
    await head.line(/dataNode .* joined/);
    for (let count = 1; count <= 4; count++) {
      const stoppedMs = Date.now();
      node.signal("SIGSTOP");
      await head.lineCount(/dataNode .* suspect: /, count);
      await until(() => suspicions().length === count);
      const line = suspicions().at(-1)!;
      const ms = timeOf(line) - stoppedMs;
      // About one second, and half of one more until it is asked.
      assert.ok(ms > 900 && ms < SUSPECT_MS_MAX, `${ms} ms: ${line}`);
      assert.match(line, /\d beats missed, no answer for 1\.\d s/);
      node.signal("SIGCONT");
      await head.lineCount(/dataNode .* alive again: /, count);
    }
    // Stopped for longer, it is put out, and says so when it is back.
    node.signal("SIGSTOP");
    await head.line(/no disponible, eliminado: .*: its process hangs/);
    node.signal("SIGCONT");
    const [, awayS, heardS] = await head.line(
      /rejoined after ([\d.]+) s \(last heard ([\d.]+) s ago\)/,
    );
    const silentS = Number(heardS) - Number(awayS);
    assert.ok(silentS > 9.9, `silent for ${silentS} s before it was put out`);
  });

  test("heartbeat: a closed connection counts at once", async () => {
    await using directory = new Directory();
    await using head = startNode(
      target,
      "--role head --host 127.0.0.1 --port 0 --heartbeat-interval 1h " +
        `--log-dir ${directory.path}`,
    );
    const port = await portOf(head);
    const node = await Peer.join(port, "dataNode");
    await head.line(/dataNode .* joined/);
    node[Symbol.dispose]();
    await head.line(/dataNode .* left/);
    using client = await Peer.join(port, "cliente");
    await client.say("hola\n");
    await head.line(/no hay dataNodes/);
  });
}
