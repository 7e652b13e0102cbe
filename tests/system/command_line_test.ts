/** The command line of real processes: what is wrong, and how it ends. */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  portOf,
  runNode,
  start,
  startNode,
  targets,
  until,
} from "../support/program.ts";

/** Why no resolver of a test's own can be had here, if so. */
const namespaceLacking = Deno.uid() !== 0
  ? "needs root"
  : (await new Deno.Command("sh", { args: ["-c", "unshare -m true"] }).output())
      .success
  ? undefined
  : "cannot unshare mounts";

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("wrong usage: one line on standard error, exit code 2", async () => {
    const cases = [
      ["--role head --port x", "--port: expected a whole number"],
      ["--role server --replicas 2", "--replicas is a flag of --role head"],
      ["--role cook", "expected one of server, head, data, client"],
      ["--role data", "--head"],
      ["--role client --to a --since 1h", "--since: expected with --read"],
      ["--role client --to a --read --count 1", "--count: not with --read"],
      ["--role client --to a --read --since 2026-02-30", "--since: expected"],
      ["--role client --to a --interval 25d", "at most 24d, got '25d'"],
      ["--role data --head a --scrub-interval 0s", "at least 100ms"],
    ] as const;
    for (const [line, expected] of cases) {
      const { code, out, errors } = await runNode(target, line);
      assert.equal(code, 2, line);
      assert.equal(out, "");
      assert.ok(errors.startsWith("sd-node: "), errors);
      assert.ok(errors.includes(expected), errors);
      assert.equal(errors.split("\n").length, 1, errors);
    }
  });

  test("help and version: standard output, exit code 0", async () => {
    for (const line of ["--help", "--role head --help", "--version"]) {
      const { code, out, errors } = await runNode(target, line);
      assert.equal(code, 0);
      assert.match(out, /sd-node/);
      assert.equal(errors, "");
    }
  });

  test("port in use: one line that says what to do, exit code 1", async () => {
    await using directory = new Directory();
    const flags = (name: string) =>
      `--host 127.0.0.1 --log-dir ${directory.at(name)}`;
    await using first = startNode(
      target,
      `--role head --port 0 ${flags("first")}`,
    );
    const port = await portOf(first);
    for (const role of ["head", "server"]) {
      const { code, errors } = await runNode(
        target,
        `--role ${role} --port ${port} ${flags(role)}`,
      );
      assert.equal(code, 1);
      assert.equal(
        errors,
        `sd-node: Cannot listen on 127.0.0.1:${port}: another process ` +
          "listens there; stop it, or choose another --port",
      );
    }
  });

  test("an address that is not ours: one line, exit code 1", async () => {
    await using directory = new Directory();
    const { code, errors } = await runNode(
      target,
      `--role head --host 192.0.2.1 --port 0 --log-dir ${directory.path}`,
    );
    assert.equal(code, 1);
    assert.match(
      errors,
      /^sd-node: Cannot listen on 192\.0\.2\.1:0: this machine has no address/,
    );
    assert.equal(errors.split("\n").length, 1);
  });

  test("a directory that cannot be written: one line, exit code 1", async () => {
    await using directory = new Directory();
    const file = directory.at("file");
    await Deno.writeTextFile(file, "");
    const cases = [
      `--role server --port 0 --log-dir ${file}`,
      `--role data --head 127.0.0.1:1 --dir ${file}`,
      `--role data --head 127.0.0.1:1 --dir /proc/nowhere`,
      `--role data --head 127.0.0.1:1 --dir /dev/shm/* --check`,
      `--role head --port 0 --log-dir /sys`,
    ];
    for (const line of cases) {
      const { code, errors } = await runNode(target, line);
      assert.equal(code, 1, line);
      assert.match(
        errors,
        /^sd-node: Cannot use directory '.*choose another with --/,
      );
      // What the runtime advises is for who wrote the program.
      assert.doesNotMatch(errors, /--allow|access to/);
      assert.equal(errors.split("\n").length, 1, errors);
    }
  });

  test("flags also come from the environment", async () => {
    await using directory = new Directory();
    await using server = startNode(target, [], {
      env: {
        SD_ROLE: "server",
        SD_HOST: "127.0.0.1",
        SD_PORT: "0",
        SD_LOG_DIR: directory.path,
        SD_LOG_FORMAT: "json",
        SD_HEAD: "of another role",
      },
    });
    const line = (await server.line(/Listening/)).input;
    const event = JSON.parse(line);
    assert.equal(event.role, "server");
    assert.equal(event.level, "info");
    assert.equal(typeof event.port, "number");
    assert.equal(await server.stop(), 0);
  });

  test("--log-level quiets the console and leaves the files whole", async () => {
    await using directory = new Directory();
    await using server = startNode(
      target,
      "--role server --host 127.0.0.1 --port 0 --log-level error " +
        `--log-dir ${directory.path}`,
    );
    // Its console says nothing, so its log file tells when it is there.
    await until(() => directory.lines("log.txt").length > 0);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.lines, []);
    assert.match(directory.lines("log.txt").join("\n"), /Listening on/);
  });

  test("with --log-format json every line is JSON, also of what goes wrong", async () => {
    await using directory = new Directory();
    const json = { SD_LOG_FORMAT: "json" };
    const cases: readonly (readonly [string, number, string | undefined])[] = [
      ["--role cook", 2, undefined],
      ["--role head --port x", 2, "head"],
      [`--role head --port ${freePort()} --check`, 1, "head"],
      [`--role server --port 0 --log-dir /proc/nowhere`, 1, "server"],
      [`--role data --head 127.0.0.1:1 --dir /proc/nowhere`, 1, "data"],
    ];
    for (const [line, expected, role] of cases) {
      for (
        const run of [
          runNode(target, line, { env: json }),
          runNode(target, `${line} --log-format json`),
        ]
      ) {
        const { code, out, errors } = await run;
        assert.equal(code, expected, line);
        assert.equal(out, "");
        const event = JSON.parse(errors);
        assert.equal(event.level, "error", errors);
        assert.equal(event.role, role);
        assert.ok(event.message.length > 10, errors);
        assert.ok(Math.abs(Date.parse(event.time) - Date.now()) < 60_000);
      }
    }
    const flags = `--role server --host 127.0.0.1 --log-dir ${directory.path}`;
    await using server = startNode(target, `${flags} --port 0`, {
      env: { ...json, SD_LOG_LEVLE: "info" },
    });
    const { port } = JSON.parse((await server.line(/Listening/)).input);
    await server.line(/SD_LOG_LEVLE is ignored/);
    const { code, out } = await runNode(
      target,
      `${flags} --port ${port} --check`,
      {
        env: json,
      },
    );
    assert.equal(code, 0);
    assert.match(JSON.parse(out).message, /^The server at .* serves$/);
    await server.stop();
    for (const line of server.lines) JSON.parse(line);
    assert.deepEqual(server.errorLines, []);
  });

  test("variables that are nearly right, and Kubernetes' links, are told", async () => {
    await using directory = new Directory();
    const port = freePort();
    // An address on which nobody else has the default port.
    const host = `127.77.${port >> 8}.${port & 255}`;
    await using head = startNode(
      target,
      `--role head --host ${host} --log-dir ${directory.path}`,
      {
        env: {
          SD_REPLICA: "2",
          SD_PORT: `tcp://127.0.0.1:${port}`,
          SD_SERVICE_HOST: "127.0.0.1",
          SD_SERVICE_PORT: `${port}`,
          SD_PORT_5000_TCP: `tcp://127.0.0.1:${port}`,
          SD_PORT_5000_TCP_ADDR: "127.0.0.1",
          // What another role would have, and what is nobody's.
          SD_SCRUB_INTERVAL: "never",
          SD_HELM: "1",
        },
      },
    );
    // Told also when it cannot start: somebody may have the default port.
    const said = () => [...head.lines, ...head.errorLines].join("\n");
    await until(() =>
      /on 127\.77\.\d+\.\d+:5000/.test(said()) &&
      /SD_REPLICA is ignored: .* did you mean SD_REPLICAS\?$/m.test(said())
    );
    assert.match(said(), /SD_PORT is ignored: it is not a port but/);
    assert.equal(said().match(/ is ignored: /g)?.length, 2, said());

    const { code, errors } = await runNode(target, "--role data", {
      env: { SD_HEADS: "127.0.0.1:1" },
    });
    assert.equal(code, 2);
    assert.match(
      errors,
      /Missing.*--head.*; SD_HEADS is ignored: .* SD_HEAD\?$/,
    );
    assert.equal(errors.split("\n").length, 1);

    // Of a role that is missing, and of a check that says that all is well.
    const roleless = await runNode(target, [], { env: { SD_ROLL: "head" } });
    assert.equal(roleless.code, 2);
    assert.match(
      roleless.errors,
      /^sd-node: --role is missing: .*; SD_ROLL is ignored: .* SD_ROLE\?$/,
    );
    await using server = startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.at("s")}`,
    );
    const checked = await runNode(
      target,
      `--role server --host 127.0.0.1 --port ${await portOf(server)} --check`,
      { env: { SD_MAX_CLIENT: "1" } },
    );
    assert.equal(checked.code, 0);
    assert.match(
      checked.out,
      /^The server at .* serves; SD_MAX_CLIENT is ignored: .* SD_MAX_CLIENTS\?$/,
    );
  });

  test("a head without a free descriptor says so, once, and that it is over", async () => {
    await using directory = new Directory();
    await using head = start("sh", [
      "-c",
      'ulimit -n 80 && exec "$0" "$@"',
      target.command,
      ...target.args,
      ..."--role head --host 127.0.0.1 --port 0 --log-dir".split(" "),
      directory.path,
    ]);
    const port = await portOf(head);
    const connections: Deno.TcpConn[] = [];
    for (let i = 0; i < 100; i++) {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    }
    await head.line(
      /error: Cannot accept connections: too many open files; .*ulimit -n/,
    );
    for (const connection of connections) connection.close();
    // It serves whoever waited, and says so when that has gone well for a while.
    using _peer = await Deno.connect({ hostname: "127.0.0.1", port });
    await head.line(/Accepting connections again$/);
    const told = head.lines.filter((line) => /ccept.* connections/.test(line));
    assert.equal(told.length, 2, told.join("\n"));
    assert.equal(await head.stop(), 0);
  });

  test("the second signal ends at once, with the number of the signal", async () => {
    for (
      const [signal, expected] of [["SIGTERM", 143], ["SIGINT", 130]] as const
    ) {
      await using directory = new Directory();
      await using head = startNode(
        target,
        `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
      );
      // A message that no data node takes keeps it from ending.
      await using client = startNode(
        target,
        `--role client --to 127.0.0.1:${await portOf(head)} --message hola ` +
          `--log-dir ${directory.path}`,
      );
      await head.line(/no hay dataNodes/);
      head.signal("SIGTERM");
      await head.line(/Draining: 1 message in flight/);
      head.signal(signal);
      assert.equal(await head.exit(), expected);
      await client.kill();
    }
  });
}

Deno.test("a host that nobody knows: the client gives up, exit code 1", async () => {
  await using directory = new Directory();
  const target = targets[0]!;
  // Longer than a label may be: no resolver is asked, whatever the network.
  const host = `${"x".repeat(64)}.invalid`;
  const { code, out, errors } = await runNode(
    target,
    `--role client --to ${host}:5000 --log-dir ${directory.path}`,
  );
  assert.equal(code, 1);
  assert.equal(errors, "");
  const lines = out.split("\n");
  assert.match(
    lines[0]!,
    /No connection to x{64}\.invalid:5000: no host of this name is known/,
  );
  assert.match(lines.at(-1)!, /Cannot find x{64}\.invalid:5000/);
});

Deno.test({
  name: "a resolver that is away: the client waits until it is there" +
    (namespaceLacking === undefined ? "" : ` (SKIPPED: ${namespaceLacking})`),
  ignore: namespaceLacking !== undefined,
  async fn() {
    await using directory = new Directory();
    const target = targets[0]!;
    // Nobody listens on port 53 there; and a hosts file that can be changed.
    await Deno.writeTextFile(
      directory.at("resolv.conf"),
      "nameserver 127.0.0.9\n",
    );
    await Deno.writeTextFile(directory.at("hosts"), "127.0.0.1 localhost\n");
    await using server = startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );
    const port = await portOf(server);
    await using client = start("sh", [
      "-c",
      'exec unshare -m sh -c \'mount --bind "$0/resolv.conf" /etc/resolv.conf && ' +
      'mount --bind "$0/hosts" /etc/hosts && exec "$@"\' "$0" "$@"',
      directory.path,
      target.command,
      ...target.args,
      ..."--role client --message hola --to".split(" "),
      `sd-server.example:${port}`,
      `--log-dir=${directory.path}`,
    ]);
    await client.line(
      /its name cannot be resolved now \(temporary failure\); calling again/,
    );
    await Deno.writeTextFile(
      directory.at("hosts"),
      "127.0.0.1 localhost sd-server.example\n",
    );
    await client.line(/Servidor recibio: hola/);
    assert.equal(await client.exit(), 0);
  },
});
