/** The command line of real processes: what is wrong, and how it ends. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  runNode,
  startNode,
  targets,
  until,
} from "../support/program.ts";

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("wrong usage: one line on standard error, exit code 2", async () => {
    const cases = [
      ["--role head --port x", "--port: expected a whole number"],
      ["--role server --replicas 2", "--replicas is a flag of --role head"],
      ["--role cook", "expected one of server, head, data, client"],
      ["--role data", "--head"],
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
    const flags = `--host 127.0.0.1 --log-dir ${directory.path}`;
    await using first = startNode(target, `--role head --port 0 ${flags}`);
    const port = await portOf(first);
    for (const role of ["head", "server"]) {
      const { code, errors } = await runNode(
        target,
        `--role ${role} --port ${port} ${flags}`,
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
    ];
    for (const line of cases) {
      const { code, errors } = await runNode(target, line);
      assert.equal(code, 1, line);
      assert.match(
        errors,
        /^sd-node: Cannot use directory '.*choose another with --/,
      );
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
}

Deno.test("a host that nobody knows: the client gives up, exit code 1", async () => {
  await using directory = new Directory();
  const target = targets[0]!;
  const { code, out, errors } = await runNode(
    target,
    `--role client --to nosuchhost.invalid:5000 --log-dir ${directory.path}`,
  );
  assert.equal(code, 1);
  assert.equal(errors, "");
  const lines = out.split("\n");
  assert.match(
    lines[0]!,
    /No connection to nosuchhost\.invalid:5000: no host of this name is known/,
  );
  assert.match(lines.at(-1)!, /Cannot find nosuchhost\.invalid:5000/);
});
