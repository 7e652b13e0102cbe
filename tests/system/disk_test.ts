/** Files that others touch while a data node runs, or while it does not. */

import assert from "node:assert/strict";
import { askStatus } from "../../lib/system/ask_status.ts";
import {
  Directory,
  portOf,
  type Program,
  runNode,
  startNode,
  type Target,
  targets,
  until,
  untilAsync,
} from "../support/program.ts";

/** A head and a data node in `d`, which has stored three messages. */
async function startCluster(target: Target, flags: readonly string[] = []) {
  const directory = new Directory();
  const head = startNode(target, [
    "--role=head",
    "--host=127.0.0.1",
    "--port=0",
    `--log-dir=${directory.at("head")}`,
    ...flags,
  ]);
  const to = `127.0.0.1:${await portOf(head)}`;
  const started: Program[] = [head];
  const startData = (name = "d") => {
    const node = startNode(
      target,
      `--role data --head ${to} --dir ${directory.at(name)} ` +
        `--log-dir ${directory.at(`log-${name}`)}`,
    );
    started.push(node);
    return node;
  };
  const startClient = (...flags: readonly string[]) => {
    const client = startNode(target, [
      "--role=client",
      `--to=${to}`,
      `--log-dir=${directory.path}`,
      ...flags,
    ]);
    started.push(client);
    return client;
  };
  const client = (...flags: readonly string[]) =>
    runNode(target, [
      "--role=client",
      `--to=${to}`,
      `--log-dir=${directory.path}`,
      ...flags,
    ]);
  const send = async (...texts: readonly string[]) => {
    for (const text of texts) {
      const { code, errors } = await client(`--message=${text}`);
      assert.equal(code, 0, errors);
    }
  };
  /** What is read back, and what is said to be missing. */
  const read = async () => {
    const { code, out, errors } = await client("--read");
    return { code, texts: out === "" ? [] : out.split("\n"), errors };
  };
  const data = startData();
  await data.line(/Joined head/);
  await send("uno", "dos", "tres");
  return {
    ...{
      directory,
      head,
      to,
      data,
      startData,
      startClient,
      client,
      send,
      read,
    },
    file: directory.at("d/data.txt"),
    async [Symbol.asyncDispose]() {
      for (const process of started.reverse()) await process.kill();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What a person or a program does to `data.txt`, and what is left of it. */
const touches: readonly {
  readonly name: string;
  readonly touch: (file: string) => void;
  readonly said: RegExp;
  readonly rest: readonly string[];
}[] = [
  {
    name: "logrotate renames it and creates another",
    touch(file) {
      Deno.renameSync(file, `${file}.1`);
      Deno.createSync(file).close();
    },
    said: /data\.txt lacks \d+ bytes that were on disk/,
    rest: [],
  },
  {
    name: "logrotate copies and truncates it",
    touch(file) {
      Deno.copyFileSync(file, `${file}.1`);
      Deno.truncateSync(file, 0);
    },
    said: /data\.txt lacks \d+ bytes that were on disk/,
    rest: [],
  },
  {
    name: "it is removed",
    touch: (file) => Deno.removeSync(file),
    said: /data\.txt is gone, with \d+ bytes/,
    rest: [],
  },
  {
    name: "an editor saves it",
    touch(file) {
      Deno.copyFileSync(file, `${file}.tmp`);
      Deno.renameSync(`${file}.tmp`, file);
    },
    said: /not trusted any more \(data\.txt was replaced by another file\)/,
    rest: ["uno", "dos", "tres"],
  },
  {
    name: "it is cut after the first message",
    touch(file) {
      const line = Deno.readTextFileSync(file).indexOf("\n") + 1;
      Deno.truncateSync(file, line);
    },
    said: /data\.txt lacks \d+ bytes that were on disk/,
    rest: ["uno"],
  },
];

for (const target of targets) {
  for (const { name, touch, said, rest } of touches) {
    Deno.test(`${target.name}: disk: ${name} while the node runs`, async () => {
      await using cluster = await startCluster(target);
      const { data, send, read, file, startData, head } = cluster;
      const isLoss = rest.length < 3;
      touch(file);
      // Also if nothing is sent.
      await data.line(said);
      await send("cuatro", "cinco");
      const expected = [...rest, "cuatro", "cinco"];
      const lines = Deno.readTextFileSync(file).split("\n").slice(0, -1);
      assert.deepEqual(
        lines.map((line) => line.split("mensaje: ")[1]),
        ["cuatro", "cinco"],
        "what was answered is in data.txt",
      );
      if (isLoss) await head.line(/dataNode .* has damaged records/);

      const now = await read();
      assert.deepEqual(now.texts, expected);
      assert.equal(now.code, isLoss ? 1 : 0, now.errors);
      assert.equal(await data.stop(), 0);
      const again = startData();
      await again.line(/Joined head/);
      const later = await read();
      assert.deepEqual(later.texts, expected);
      assert.equal(later.code, isLoss ? 1 : 0, later.errors);
      if (isLoss) await again.line(/lost before is not found elsewhere yet/);
    });

    Deno.test(`${target.name}: disk: ${name}, and a message comes at once`, async () => {
      await using cluster = await startCluster(target);
      const { send, read, file } = cluster;
      touch(file);
      await send("cuatro");
      assert.match(Deno.readTextFileSync(file), /mensaje: cuatro\n$/);
      const { texts, code, errors } = await read();
      assert.deepEqual(texts, [...rest, "cuatro"]);
      assert.equal(code, rest.length < 3 ? 1 : 0, errors);
    });
  }

  Deno.test(`${target.name}: disk: what sed -i has read and written is all there`, async () => {
    await using cluster = await startCluster(target);
    const { data, send, read, file } = cluster;
    const sed = await new Deno.Command("sed", {
      args: ["-i", "s/nothing/nothing/", file],
    }).output();
    assert.ok(sed.success);
    await data.line(/data\.txt was replaced by another file/);
    await send("cuatro");
    const { texts, code, errors } = await read();
    assert.deepEqual(texts, ["uno", "dos", "tres", "cuatro"]);
    assert.equal(code, 0, errors);
  });

  Deno.test(`${target.name}: disk: nothing is stored in a directory that is gone, or made anew`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, startClient, startData } = cluster;
    await Deno.remove(directory.at("d"), { recursive: true });
    await data.line(
      /Cannot write data\.txt: the directory '.*', or .* was moved/,
    );
    await using waiting = startClient("--message=cuatro");
    // Made anew by somebody: it is not this node's.
    await Deno.mkdir(directory.at("d"));
    await using _other = startData("other");
    assert.equal(await waiting.exit(), 0);
    assert.match(
      Deno.readTextFileSync(directory.at("other/data.txt")),
      /cuatro/,
    );
    assert.deepEqual([...Deno.readDirSync(directory.at("d"))], []);
    const told = data.lines.filter((line) => /Cannot write/.test(line));
    assert.equal(told.length, 1, "it is told once");
  });

  Deno.test(`${target.name}: disk: a directory that was moved away and back goes on`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, startClient, read } = cluster;
    await Deno.rename(directory.at("d"), directory.at("away"));
    await data.line(
      /Cannot write data\.txt: the directory '.*', or .* was moved/,
    );
    await using waiting = startClient("--message=cuatro");
    await Deno.rename(directory.at("away"), directory.at("d"));
    assert.equal(await waiting.exit(), 0);
    const { texts, code, errors } = await read();
    assert.deepEqual(texts, ["uno", "dos", "tres", "cuatro"]);
    assert.equal(code, 0, errors);
  });

  Deno.test(`${target.name}: disk: heads and --check know of an idle node whose directory is away`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, head, to, startData } = cluster;
    const unwell = async () => {
      const status = await askStatus(to, 3_000);
      assert.ok(typeof status !== "string");
      return status.nodes[0]?.unwell;
    };
    const check = (heads: string, dir: string) =>
      runNode(
        target,
        `--role data --head ${heads} --dir ${directory.at(dir)} --check`,
      );
    assert.equal(await unwell(), undefined);
    await Deno.rename(directory.at("d"), directory.at("away"));
    const awayMs = performance.now();
    await head.line(/dataNode .* cannot store: the directory/);
    assert.ok(performance.now() - awayMs < 2_000);
    assert.match(await unwell() ?? "", /moved away, replaced or removed/);
    // Its lock is there, under another name.
    const { code, errors } = await check(to, "away");
    assert.equal(code, 1);
    assert.match(errors, /does not serve; head .*: the directory .* was moved/);
    await data.line(/nothing is stored until that is mended$/);
    assert.ok(!data.lines.some((line) => /not-stored/.test(line)));

    await Deno.rename(directory.at("away"), directory.at("d"));
    await untilAsync(async () => await unwell() === undefined);
    const { code: wellCode, errors: wellErrors } = await check(to, "d");
    assert.equal(wellCode, 0, wellErrors);
    assert.equal(await data.stop(), 0);
    await startData().line(/Joined head/);
  });

  Deno.test(`${target.name}: disk: a node without its lock stores no more`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, send, startData, file } = cluster;
    await Deno.remove(directory.at("d/node.lock"));
    await using other = startData("other");
    await other.line(/Joined head/);
    // It looks once a second: until then, what it is given goes to its data.txt,
    // which is still the one that is read here.
    await data.line(/or its node\.lock, was moved away, replaced or removed/);
    for (let n = 0; n < 10; n++) await send(`m${n}`);
    const strays = Deno.readTextFileSync(file).match(/mensaje: m\d/g) ?? [];
    assert.deepEqual(strays, []);
    assert.ok(data.lines.every((line) => !/mensaje: m\d/.test(line)));
    const texts = Deno.readTextFileSync(directory.at("other/data.txt"));
    for (let n = 0; n < 10; n++) assert.match(texts, new RegExp(`m${n}\\n`));
  });

  Deno.test(`${target.name}: disk: a last line that was cut later is a loss, told once`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, send, startData, read, file } = cluster;
    const { size } = Deno.statSync(file);
    const contents = directory.at("d/node.contents");
    await until(() =>
      Deno.readTextFileSync(contents).includes(`data.txt ${size} `)
    );
    await data.kill();
    await Deno.truncate(file, size - 3);
    const again = startData();
    const [, torn] = await again.line(
      /torn line of (\d+) bytes, which was longer, and may have been ack/,
    );
    const lost = Number(torn) + 3;
    await again.line(new RegExp(`data\\.txt lacks ${lost} bytes that were on`));
    await again.line(/Joined head/);
    const { texts, code, errors } = await read();
    assert.deepEqual(texts, ["uno", "dos"]);
    assert.equal(code, 1);
    assert.match(errors, /lacks records that it had/);
    assert.doesNotMatch(errors, /are damaged/);
    // Nothing was lost since, whatever its size was.
    await send("cuatro");
    assert.equal(await again.stop(), 0);
    const third = startData();
    await third.line(/Joined head/);
    assert.deepEqual((await read()).texts, ["uno", "dos", "cuatro"]);
    for (const { lines } of [again, third]) {
      assert.ok(!lines.some((line) => /bytes of records are gone/.test(line)));
    }
  });

  Deno.test(`${target.name}: disk: segments that go while the node does not run`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, startData, send, read } = cluster;
    // As if it had been full.
    assert.equal(await data.stop(), 0);
    const seal = (n: number) =>
      Deno.rename(
        directory.at("d/data.txt"),
        directory.at(`d/data-00000${n}.txt`),
      );
    await seal(1);
    {
      await using node = startData();
      await node.line(/Joined head/);
      await send("cuatro");
      assert.equal(await node.stop(), 0);
      assert.ok(!node.lines.some((line) => / error: /.test(line)));
    }
    await seal(2);
    {
      await using node = startData();
      await node.line(/Joined head/);
      await send("cinco");
      assert.equal(await node.stop(), 0);
    }
    await Deno.rename(directory.at("d/data-000001.txt"), directory.at("1"));
    {
      await using node = startData();
      await node.line(/data-000001\.txt is gone, with \d+ bytes/);
      await cluster.head.line(/dataNode .* has damaged records/);
      const { texts, code, errors } = await read();
      assert.deepEqual(texts, ["cuatro", "cinco"]);
      assert.equal(code, 1, errors);
      // And one more, while it runs.
      await Deno.remove(directory.at("d/data-000002.txt"));
      await node.line(/data-000002\.txt is gone, with \d+ bytes/);
      assert.deepEqual((await read()).texts, ["cinco"]);
      await node.kill();
    }
    await Deno.rename(directory.at("1"), directory.at("d/data-000001.txt"));
    await using node = startData();
    await node.line(/Joined head/);
    const { texts, code } = await read();
    assert.deepEqual(texts, ["uno", "dos", "tres", "cinco"]);
    assert.equal(code, 1, "data-000002.txt is still missing");
  });

  Deno.test(`${target.name}: disk: a directory that lost all is another node's, which lost nothing`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data, file, startData, send } = cluster;
    const id = () => Deno.readTextFileSync(directory.at("d/node.id"));
    const former = id();
    assert.equal(await data.stop(), 0);
    await Deno.remove(file);
    const node = startData();
    await node.line(/The records of dataNode .* are gone/);
    await node.line(/Joined head/);
    assert.notEqual(id(), former);
    await send("cuatro");
    assert.ok(!node.lines.some((line) => / error: /.test(line)));
  });

  Deno.test(`${target.name}: disk: with two copies, what was taken away is made again`, async () => {
    await using cluster = await startCluster(target, [
      "--replicas=2",
      "--min-replicas=1",
      "--repair-after=500ms",
    ]);
    const { data, startData, head, send, file } = cluster;
    await using second = startData("e");
    await second.line(/Joined head/);
    // Of what had one copy while the other was not there.
    await head.line(/Repair ended: .* 3 copies made/);
    // Only now: a message that is placed while a pass begins is counted too.
    await send("cuatro", "cinco");
    await Deno.truncate(file, 0);
    await data.line(/data\.txt lacks \d+ bytes/);
    await head.line(/has damaged records/);
    await head.line(/Repair ended: .* 5 copies made/);
  });

  Deno.test(`${target.name}: disk: a file saved with CR LF costs no record`, async () => {
    await using cluster = await startCluster(target);
    const { data, client, startData, file, directory } = cluster;
    const { code } = await client(
      "--message=x",
      "--count=2000",
      "--interval=0ms",
    );
    assert.equal(code, 0);
    assert.equal(await data.stop(), 0);
    const text = Deno.readTextFileSync(file);
    Deno.writeTextFileSync(file, text.replaceAll("\n", "\r\n"));
    const node = startData();
    await node.line(/2003 records in data\.txt/);
    await node.line(/Joined head/);
    const damaged = () =>
      [...Deno.readDirSync(directory.at("d"))]
        .filter(({ name }) => name.startsWith("damaged"));
    assert.deepEqual(damaged(), []);

    // UTF-16: none is left, and that is one damage.
    await node.kill();
    Deno.writeFileSync(
      file,
      new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer),
    );
    const wide = startData();
    await wide.line(/data\.txt is damaged at offset 0/);
    await wide.line(/Joined head/);
    assert.equal(damaged().length, 1);
    assert.equal(
      wide.lines.filter((line) => /is damaged/.test(line)).length,
      1,
    );
  });

  Deno.test(`${target.name}: disk: contents that are not understood are told, with the line`, async () => {
    await using cluster = await startCluster(target);
    const { directory, data } = cluster;
    assert.equal(await data.stop(), 0);
    const path = directory.at("d/node.contents");
    const text = Deno.readTextFileSync(path);
    assert.match(text, /\nend clean\n$/);
    Deno.writeTextFileSync(path, text.replace("active", "aktive"));
    const { code, errors } = await runNode(
      target,
      `--role data --head 127.0.0.1:1 --dir ${directory.at("d")}`,
    );
    assert.equal(code, 1);
    assert.match(
      errors,
      /Cannot read '.*node\.contents': line 2 is not understood/,
    );
  });
}
