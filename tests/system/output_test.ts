/**
 * What is printed, and the exit code, when it cannot be printed: on full disks,
 * full pipes, and when a signal comes first.
 */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  portOf,
  type Program,
  runNode,
  start,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

/** Why there are no small disks here, if so. */
const mountLacking = Deno.uid() !== 0
  ? "needs root"
  : (await new Deno.Command("sh", { args: ["-c", "unshare -m true"] }).output())
      .success
  ? undefined
  : "cannot unshare mounts";

const FULL_LINE =
  /Cannot write to standard output: No space left on device \(os error 28\)$/;

/** Starts sd-node in a shell: `"$@"` in the script is its command line. */
function startIn(
  target: Target,
  script: string,
  line: readonly string[],
): Program {
  return start(
    "sh",
    ["-c", script, "sh", target.command, ...target.args].concat(line),
  );
}

/** The end of a program that prints nothing that is seen. */
async function endOf(program: Program) {
  await program.endInput();
  const code = await program.exit();
  return { code, out: program.lines, errors: program.errorLines };
}

/** A head and a data node, with some messages. */
async function startStore(
  target: Target,
  directory: Directory,
  texts: readonly string[],
) {
  const head = startNode(
    target,
    `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
  );
  const port = await portOf(head);
  const node = startNode(
    target,
    `--role data --head 127.0.0.1:${port} --dir ${directory.at("data")}`,
  );
  await head.line(/dataNode .* joined/);
  await using sender = startNode(
    target,
    `--role client --to 127.0.0.1:${port} --name c --stdin --log-dir ${
      directory.at("client")
    }`,
  );
  await sender.type(texts.map((text) => `${text}\n`).join(""));
  await sender.endInput();
  assert.equal(await sender.exit(), 0);
  const stop = async () => {
    for (const process of [head, node]) await process.kill();
  };
  const read = (...flags: readonly string[]) => [
    "--role=client",
    `--to=127.0.0.1:${port}`,
    ...flags,
  ];
  return { head, node, port, read, [Symbol.asyncDispose]: stop };
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("what cannot be printed is one line and exit code 1: /dev/full", async () => {
    await using directory = new Directory();
    await using store = await startStore(target, directory, ["uno", "dos"]);
    const json = await runNode(target, store.read("--read", "--format=json"));
    const { id } = JSON.parse(json.out.split("\n")[0]!);
    const cases: readonly (readonly string[])[] = [
      ["--help"],
      ["--role=head", "--help"],
      ["--version"],
      ["completion", "bash"],
      store.read("--check"),
      store.read("--read"),
      store.read("--read", "--format=csv", "--client=nobody"),
      store.read(`--where=${id}`),
      // What was read before it is no reason to go on for ever.
      store.read("--read", "--follow"),
    ];
    for (const line of cases) {
      await using program = startIn(target, 'exec "$@" > /dev/full', line);
      const { code, errors } = await endOf(program);
      assert.equal(code, 1, line.join(" "));
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0]!, FULL_LINE);
    }
    await using program = startIn(
      target,
      'exec "$@" > /dev/full',
      store.read("--read", "--log-format=json"),
    );
    const { errors } = await endOf(program);
    assert.equal(JSON.parse(errors[0]!).level, "error");
  });

  test("nobody who reads on is no error: | head -n 1, and a closed pipe", async () => {
    await using directory = new Directory();
    await using store = await startStore(target, directory, ["uno", "dos"]);
    for (
      const line of [
        ["--help"],
        ["completion", "bash"],
        store.read("--check"),
        store.read("--read"),
      ]
    ) {
      // Its exit code would be that of the last program of the pipe.
      await using program = startIn(
        target,
        '{ "$@"; echo "$?" >&2; } | true',
        line,
      );
      const { out, errors } = await endOf(program);
      assert.deepEqual({ out, errors }, { out: [], errors: ["0"] });
    }
  });

  test("a full pipe that does not wait is waited for (O_NONBLOCK)", async () => {
    await using directory = new Directory();
    const texts = Array.from({ length: 3_000 }, (_, i) => `${i} `.repeat(20));
    await using store = await startStore(target, directory, texts);
    // It reads only when the pipe is full, and tells what came.
    await using reader = start("python3", [
      "-u",
      "-c",
      `
import fcntl, os, select, subprocess, sys
read_end, write_end = os.pipe()
flags = fcntl.fcntl(write_end, fcntl.F_GETFL)
fcntl.fcntl(write_end, fcntl.F_SETFL, flags | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdout=write_end)
while select.select([], [write_end], [], 0)[1] and child.poll() is None:
    pass
print("full")
os.close(write_end)
text = os.fdopen(read_end).read()
print("lines", text.count("\\n"))
print("last", text.splitlines()[-1])
print("code", child.wait())
`,
      target.command,
      ...target.args,
      ...store.read("--read"),
    ]);
    const { code, out, errors } = await endOf(reader);
    assert.equal(code, 0, errors.join("\n"));
    assert.deepEqual(out, [
      "full",
      "lines 3000",
      `last ${texts.at(-1)}`,
      "code 0",
    ]);
    assert.deepEqual(errors, []);
  });

  test("a read-back that a signal ends before it is over is none: exit code 1", async () => {
    // A head that takes the call and says nothing.
    using head = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      for (const flag of ["--read", "--where=c-1"]) {
        await using reader = startNode(target, [
          "--role=client",
          `--to=127.0.0.1:${head.addr.port}`,
          flag,
        ]);
        using _conn = await head.accept();
        reader.signal(signal);
        assert.equal(await reader.exit(), 1);
        assert.deepEqual(reader.lines, []);
        assert.equal(reader.errorLines.length, 1, reader.errorLines.join("\n"));
        assert.match(
          reader.errorLines[0]!,
          /error: Ended by a signal before everything was read$/,
        );
      }
    }
  });

  test("a follower ends with 0 at a signal, unless it misses something", async () => {
    await using directory = new Directory();
    await using store = await startStore(target, directory, ["uno"]);
    const follow = store.read("--read", "--follow");
    {
      await using follower = startNode(target, follow);
      await follower.line(/^uno$/);
      assert.equal(await follower.stop(), 0);
      assert.deepEqual(follower.errorLines, []);
    }
    await using follower = startNode(target, follow);
    await follower.line(/^uno$/);
    await store.head.kill();
    await follower.errorLine(/No connection to/);
    assert.equal(await follower.stop(), 1);
    assert.match(
      follower.errorLines.at(-1)!,
      /Ended by a signal without a connection: messages may be missing$/,
    );
    await using early = startNode(
      target,
      `--role client --to 127.0.0.1:${freePort()} --read --follow`,
    );
    await early.errorLine(/No connection to/);
    assert.equal(await early.stop(), 1);
  });

  Deno.test({
    name:
      `${target.name}: a read-back onto a full disk: one line, exit code 1` +
      (mountLacking === undefined ? "" : ` (SKIPPED: ${mountLacking})`),
    ignore: mountLacking !== undefined,
    async fn() {
      await using directory = new Directory();
      const texts = Array.from({ length: 2_000 }, () => "x".repeat(99));
      await using store = await startStore(target, directory, texts);
      await Deno.mkdir(directory.at("tiny"));
      await using reader = startIn(
        target,
        `exec unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs "$0" &&
          "$@" > "$0/backup.txt"; code=$?; wc -c < "$0/backup.txt"; exit $code
        ' ${directory.at("tiny")} "$@"`,
        store.read("--read"),
      );
      const { code, out, errors } = await endOf(reader);
      assert.equal(code, 1);
      assert.deepEqual(out, ["65536"]);
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0]!, FULL_LINE);
    },
  });
}

Deno.test("a read-back that nobody takes ends in time when it is told to", async () => {
  const target = targets[0]!;
  await using directory = new Directory();
  const texts = Array.from({ length: 3_000 }, () => "x".repeat(99));
  await using store = await startStore(target, directory, texts);
  await using holder = start("python3", [
    "-u",
    "-c",
    `
import os, select, subprocess, sys
read_end, write_end = os.pipe()
child = subprocess.Popen(sys.argv[1:], stdout=write_end)
while select.select([], [write_end], [], 0)[1] and child.poll() is None:
    pass
child.terminate()
print("code", child.wait())
`,
    target.command,
    ...target.args,
    ...store.read("--read"),
  ]);
  const { code, out, errors } = await endOf(holder);
  assert.equal(code, 0, errors.join("\n"));
  assert.deepEqual(out, ["code 1"]);
  assert.equal(errors.length, 1);
  assert.match(
    errors[0]!,
    /error: What was read could not be written in time$/,
  );
});
