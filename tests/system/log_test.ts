/** What logs say, on a console and in files: true, whole, harmless. */

import assert from "node:assert/strict";
import {
  Directory,
  Peer,
  portOf,
  type Program,
  runNode,
  start,
  startNode,
  type Target,
  targets,
  until,
} from "../support/program.ts";

/** What a terminal would obey: a title, a cleared screen, C1, an override. */
const HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe";

// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** Bytes of a disk that is soon full. */
const TINY = "size=256k";

const isRoot = Deno.uid() === 0;

/** A disk of its own, small enough to be filled; only root can mount one. */
class TinyDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async at(path: string): Promise<TinyDisk> {
    await Deno.mkdir(path);
    await run(`mount -t tmpfs -o ${TINY} tmpfs ${path}`);
    return new TinyDisk(path);
  }

  /** Leaves room for so many bytes more, as a page has them. */
  async fill(): Promise<void> {
    // Ends with an error, when it is full.
    await using dd = start("sh", ["-c", `cat /dev/zero > ${this.path}/fill`]);
    assert.notEqual(await dd.exit(), 0);
  }

  async empty(): Promise<void> {
    await Deno.remove(`${this.path}/fill`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(`umount --lazy ${this.path}`);
  }
}

async function run(line: string): Promise<void> {
  await using shell = start("sh", ["-c", line]);
  assert.equal(await shell.exit(), 0, shell.errorLines.join("\n"));
}

function startServer(target: Target, path: string, flags = ""): Program {
  return startNode(
    target,
    `--role server --host 127.0.0.1 --port 0 --log-dir ${path} ${flags}`.trim(),
  );
}

/** What a log's lines say, without their times. */
function said(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(line.indexOf(" - ") + 3));
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);
  const rootTest = (name: string, run: () => Promise<void>) =>
    Deno.test({
      name: `${target.name}: ${name}`,
      ignore: !isRoot,
      fn: run,
    });

  for (const format of ["text", "json"]) {
    test(`log (${format}): nothing that peers say commands a terminal`, async () => {
      await using directory = new Directory();
      await using head = startNode(
        target,
        `--role head --host 127.0.0.1 --port 0 --log-format ${format} ` +
          `--log-dir ${directory.path}`,
      );
      const port = Number(
        (await head.line(/Listening on 127\.0\.0\.1:(\d+)/))[1],
      );
      using node = await Peer.join(port, "dataNode");
      using client = await Peer.join(port, "cliente");
      await client.say("hola\n");
      assert.equal(await node.line(), "mensaje: hola");
      await node.say(`error not-stored: ${HOSTILE}\n`);
      await head.line(/could not store .*owned.*31m.*gnp\.exe/);
      using stranger = await Peer.connect(port);
      await stranger.say(`${HOSTILE}\n`);
      await head.line(/refused: .*owned/);
      for (const line of head.lines) {
        assert.doesNotMatch(line, CONTROL, JSON.stringify(line));
        if (format === "json") JSON.parse(line);
      }
    });
  }

  test("log: what an answer says is harmless on the client's terminal", async () => {
    await using directory = new Directory();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = (async () => {
      using conn = new Peer(await listener.accept());
      assert.equal(await conn.line(), "peticion sd/2");
      await conn.say("confirmacion role=server\n");
      assert.equal(await conn.line(), "hola");
      await conn.say(`${HOSTILE}\n`);
      assert.equal(await conn.line(), undefined);
    })();
    await using client = startNode(
      target,
      `--role client --to 127.0.0.1:${listener.addr.port} --message hola ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(await client.exit(), 0);
    await answering;
    assert.match(client.lines.join("\n"), /Servidor recibio: .*owned/);
    for (const line of client.lines) assert.doesNotMatch(line, CONTROL);
  });

  test("log: --check shows what a peer says of itself, and does not obey it", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = (async () => {
      using conn = new Peer(await listener.accept());
      await conn.line();
      await conn.say(`estado role=${HOSTILE}\n`);
    })();
    const { code, errors } = await runNode(
      target,
      `--role head --host 127.0.0.1 --port ${listener.addr.port} --check`,
    );
    await answering;
    assert.equal(code, 1);
    assert.match(errors, /owned/);
    assert.doesNotMatch(errors, CONTROL);
  });

  test("log --log-format json: every line is an object, also what is left out", async () => {
    await using directory = new Directory();
    const fifo = directory.at("console");
    await run(`mkfifo ${fifo}`);
    // The shell opens the pipe for reading too, so that nobody waits for it.
    const command = [target.command, ...target.args].join(" ");
    await using _server = start("sh", [
      "-c",
      `exec ${command} --role server --host 127.0.0.1 --port 0 ` +
      `--log-format json --log-dir ${directory.path} 1<> ${fifo}`,
    ]);
    const log = () => directory.lines("log.txt");
    await until(() => log().some((line) => line.includes("Listening")));
    const port = Number(/Listening on \S+:(\d+)/.exec(log().join("\n"))![1]);
    // More lines than a pipe and the console take together.
    const reason = "x".repeat(32);
    for (let i = 0; i < 6_000; i += 60) {
      await Promise.all(Array.from({ length: 60 }, async () => {
        using peer = await Peer.connect(port);
        await peer.say(`${reason}\n`);
        assert.match((await peer.line())!, /^error handshake/);
      }));
    }
    await using reader = start("cat", [fifo]);
    const isToldOf = /lines that the console did not take in time/;
    const line = (await reader.line(isToldOf)).input;
    const told = JSON.parse(line);
    assert.deepEqual(
      Object.keys(told).slice(0, 4),
      ["time", "level", "role", "message"],
    );
    assert.equal(told.role, "server");
    const whole = reader.lines.slice(0, reader.lines.indexOf(line) + 1);
    assert.ok(whole.length > 100);
    for (const line of whole) assert.equal(typeof JSON.parse(line), "object");
  });

  test("log: a message longer than a screen is cut on the console, not in the file", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory.path);
    using peer = await Peer.join(await portOf(server));
    const text = "x".repeat(200_000);
    await peer.say(`${text}\n`);
    assert.equal(await peer.line(), text);
    await server.line(/x{8000}… and \d+ characters more$/);
    assert.ok(directory.lines("log.txt").at(-1)!.endsWith(` ${text}`));
  });

  test("log: SIGHUP and a moved file: logs are opened again, and nothing ends", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory.path);
    using peer = await Peer.join(await portOf(server));
    const echo = async (text: string) => {
      await peer.say(`${text}\n`);
      assert.equal(await peer.line(), text);
    };
    const log = directory.at("log.txt");
    await echo("uno");
    await Deno.rename(log, directory.at("log.1"));
    server.signal("SIGHUP");
    await until(() => exists(log));
    await echo("dos");
    // Without a signal it is seen within a second; the file is there again.
    await Deno.rename(log, directory.at("log.2"));
    await until(() => exists(log));
    await echo("tres");
    // As logrotate's `create` does: the new file is there, without a line.
    await Deno.rename(log, directory.at("log.3"));
    await Deno.writeTextFile(log, "");
    server.signal("SIGHUP");
    for (let i = 0; directory.lines("log.txt").length === 0; i++) {
      assert.ok(i < 10_000, "the new file was not opened");
      await echo("cuatro");
    }
    // As `copytruncate` does.
    await Deno.truncate(log);
    await echo("cinco");
    for (
      const [name, text] of [
        ["log.1", "uno"],
        ["log.2", "dos"],
        ["log.3", "tres"],
        ["log.txt", "cinco"],
      ] as const
    ) {
      const lines = directory.lines(name);
      assert.ok(lines.some((line) => line.endsWith(` ${text}`)), name);
    }
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.errorLines, []);
  });

  test("a terminal that is closed ends a role in order", async () => {
    await using directory = new Directory();
    // A terminal of its own, which is closed once the server listens.
    await using terminal = start("python3", [
      "-c",
      "import os, pty, sys\n" +
      "pid, terminal = pty.fork()\n" +
      "if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])\n" +
      "said = b''\n" +
      "while b'Listening' not in said: said += os.read(terminal, 4096)\n" +
      "os.close(terminal)\n" +
      "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n",
      target.command,
      ...target.args,
      ...["--role=server", "--host=127.0.0.1", "--port=0"],
      `--log-dir=${directory.path}`,
    ]);
    assert.equal(await terminal.exit(), 0, terminal.errorLines.join("\n"));
    assert.deepEqual(terminal.lines, ["0"]);
    const [draining, ended] = said(directory.lines("log.txt")).slice(-2);
    assert.match(draining!, /^Draining/);
    assert.equal(ended, "Server ended");
  });

  test("log: a file that was cut off in a line goes on with a line of its own", async () => {
    await using directory = new Directory();
    await Deno.writeTextFile(directory.at("log.txt"), "one\ntwo, and then th");
    await using server = startServer(target, directory.path);
    await portOf(server);
    await until(() => directory.lines("log.txt").length > 2);
    const lines = directory.lines("log.txt");
    assert.equal(lines[1], "two, and then th");
    assert.match(lines[2]!, /^\d{4}-\S+ \S+ - Listening on/);
  });

  test("log: a client whose file cannot be made says so, and is no bug", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory.path);
    await Deno.mkdir(directory.at("respuestas.txt"));
    const { code, out } = await runNode(
      target,
      `--role client --to 127.0.0.1:${await portOf(server)} --message hola ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(code, 1);
    assert.match(out, /error: Cannot open '.*respuestas\.txt': /);
    assert.doesNotMatch(out, /Bug/);
  });

  test("log: a server has the lines of 2019 beside its own", async () => {
    await using directory = new Directory();
    await using server = startServer(target, directory.path);
    const port = await portOf(server);
    using peer = await Peer.join(port);
    await peer.say("hola\n");
    assert.equal(await peer.line(), "hola");
    const [listening, ...others] = said(directory.lines("log.txt"));
    assert.match(listening!, /^Listening on/);
    const from = /^cliente 127\.0\.0\.1:(\d+) joined/.exec(others[3]!)![1];
    assert.deepEqual(others, [
      "Esperando clientes",
      `Se crea ServerThread para cliente con IP 127.0.0.1 : ${from}`,
      "peticion",
      `cliente 127.0.0.1:${from} joined (line)`,
      `127.0.0.1:${from} hola`,
    ]);
    assert.ok(!server.lines.some((line) => /Esperando|Thread/.test(line)));
  });

  rootTest(
    "server: on a full disk it answers only what its log has, then serves again",
    async () => {
      await using directory = new Directory();
      await using disk = await TinyDisk.at(directory.at("tiny"));
      await using server = startServer(target, disk.path);
      const port = await portOf(server);
      const check = () =>
        runNode(
          target,
          `--role server --host 127.0.0.1 --port ${port} --check`,
        );
      const log = () => directory.lines("tiny/log.txt");
      using peer = await Peer.join(port);
      using old = await Peer.connect(port);
      await old.say("peticion");
      assert.equal(await old.chunk(), "confirmacion");
      assert.equal((await check()).code, 0);

      await disk.fill();
      const texts = Array.from(
        { length: 300 },
        (_, i) => `m${i} ${"x".repeat(100)}`,
      );
      const answers: string[] = [];
      for (const text of texts) {
        await peer.say(`${text}\n`);
        answers.push((await peer.line())!);
      }
      const refused = answers.filter((answer) =>
        /^error not-stored: the log cannot be written: No space left/.test(
          answer,
        )
      );
      const echoed = texts.filter((text, i) => answers[i] === text);
      assert.ok(refused.length > 200, "the disk was not full");
      assert.equal(refused.length + echoed.length, texts.length);
      await old.say("antigua");
      assert.match(
        (await old.chunk())!,
        /^error not-stored: the log cannot be/,
      );
      const unwell = await check();
      assert.equal(unwell.code, 1);
      assert.match(unwell.errors, /is not well: .*No space left on device/);
      await server.line(
        /warning: \d+ messages? answered not-stored: .*No space left/,
      );
      assert.ok(!server.lines.some((line) => line.includes("antigua")));

      await disk.empty();
      await peer.say("de nuevo\n");
      assert.equal(await peer.line(), "de nuevo");
      await old.say("otra vez");
      assert.equal(await old.chunk(), "otra vez");
      assert.equal((await check()).code, 0);
      const lines = log();
      const told = lines.filter((line) =>
        / - … \d+ lines? could not be/.test(line)
      );
      assert.ok(told.length >= 1, lines.slice(-5).join("\n"));
      // Only a line that was cut off, and told of, is no line.
      const cut = lines.filter((line) =>
        !/^\d{4}-\d\d-\d\d \S+ - ./.test(line)
      );
      assert.ok(cut.length <= 1, cut.join("\n"));
      const logged = lines.join("\n");
      for (const text of [...echoed, "de nuevo", "otra vez"]) {
        assert.ok(logged.includes(` ${text}\n`) || logged.endsWith(` ${text}`));
      }
      assert.equal(await server.stop(), 0);
    },
  );

  rootTest(
    "client: a server that could not log a message gets it again",
    async () => {
      await using directory = new Directory();
      await using disk = await TinyDisk.at(directory.at("tiny"));
      await using server = startServer(target, disk.path);
      const port = await portOf(server);
      await disk.fill();
      await using client = startNode(
        target,
        `--role client --to 127.0.0.1:${port} --count 100 --interval 0ms ` +
          `--log-dir ${directory.path}`,
      );
      await client.line(/not stored, sent again: the log cannot be written/);
      await disk.empty();
      assert.equal(await client.exit(), 0);
      const logged = directory.lines("tiny/log.txt").join("\n");
      const answers = directory.lines("respuestas.txt")
        .filter((line) => line.includes("Servidor recibio"));
      assert.equal(answers.length, 100);
      const all = logged.match(/numero random: \d+$/gm) ?? [];
      assert.ok(all.length >= 100);
    },
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
