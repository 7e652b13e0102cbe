/** Copies that are lost for good are made again, by real processes. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  runNode,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

/** A head that has each message on two disks. */
function startHead(
  target: Target,
  directory: Directory,
  ...flags: readonly string[]
) {
  return startNode(target, [
    "--role=head",
    "--host=127.0.0.1",
    "--port=0",
    "--replicas=2",
    `--log-dir=${directory.at("head")}`,
    ...flags,
  ]);
}

function startDataNode(
  target: Target,
  to: string,
  path: string,
  ...flags: readonly string[]
) {
  const its = ["--role=data", `--head=${to}`, `--dir=${path}`];
  return startNode(target, [...its, ...flags]);
}

for (const target of targets) {
  Deno.test(`${target.name}: repair: lost copies are made again, one loss after another`, async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory, "--repair-after=500ms");
    const to = `127.0.0.1:${await portOf(head)}`;
    const startData = (name: string) =>
      startDataNode(target, to, directory.at(name));
    const client = (...flags: readonly string[]) =>
      runNode(target, [
        "--role=client",
        `--to=${to}`,
        `--log-dir=${directory.path}`,
        ...flags,
      ]);
    await using first = startData("d1");
    await using second = startData("d2");
    await using _third = startData("d3");
    await head.lineCount(/dataNode .* joined/, 3);
    const sent = await client(
      "--message=hola",
      "--count=500",
      "--interval=0ms",
    );
    assert.equal(sent.code, 0, sent.errors);

    // A disk is gone, and its machine back with an empty one.
    await first.kill();
    const lost = directory.lines("d1/data.txt").length;
    await Deno.remove(directory.at("d1"), { recursive: true });
    await using _fresh = startData("d1");
    const ended =
      /Repair ended: \S+ MiB read in \d+ s, (\d+) records with too few copies, (\d+) copies made; nothing is missing/;
    const [, lacking, restored] = await head.line(ended);
    assert.deepEqual([lacking, restored], [`${lost}`, `${lost}`]);

    // Another machine burns down; what only these two had is still there.
    await second.kill();
    const after = await client("--read");
    assert.equal(after.code, 1, "it is not known yet that all is elsewhere");
    await head.lineCount(ended, 2);
    const read = await client("--read");
    assert.equal(read.code, 0, read.errors);
    assert.equal(read.out.split("\n").length, 500);
    assert.equal(await head.stop(), 0);

    // The head knows it in its next life too.
    await using again = startNode(target, [
      "--role=head",
      "--host=127.0.0.1",
      `--port=${to.split(":")[1]}`,
      "--replicas=2",
      `--log-dir=${directory.at("head")}`,
    ]);
    await again.lineCount(/dataNode .* rejoined/, 2);
    const whole = await client("--read");
    assert.equal(whole.code, 0, whole.errors);
    assert.equal(whole.out.split("\n").length, 500);
  });

  Deno.test(`${target.name}: repair: that there are too few to copy to is said`, async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory, "--repair-after=500ms");
    const to = `127.0.0.1:${await portOf(head)}`;
    const startData = (name: string) =>
      startDataNode(target, to, directory.at(name));
    await using _first = startData("d1");
    await using second = startData("d2");
    const [, id] = await second.line(/dataNode (\w{8}) in/);
    await head.lineCount(/dataNode .* joined/, 2);
    const sent = await runNode(
      target,
      `--role client --to ${to} --message hola --count 5 --interval 0ms ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(sent.code, 0, sent.errors);
    await second.kill();
    await head.line(
      new RegExp(
        `Too few dataNodes to copy to: only 1 dataNode here, and ${id} away`,
      ),
    );
    await using _third = startData("d3");
    await head.line(/Enough dataNodes to copy to again: 2 here/);
    await head.line(/Repair ended: .* 5 copies made; nothing is missing/);
  });

  Deno.test(`${target.name}: repair: a record that rots is found, and copied from another`, async () => {
    await using directory = new Directory();
    await using head = startHead(target, directory);
    const to = `127.0.0.1:${await portOf(head)}`;
    const startData = (name: string) =>
      startDataNode(target, to, directory.at(name), "--scrub-interval=300ms");
    await using first = startData("d1");
    await using second = startData("d2");
    await head.lineCount(/dataNode .* joined/, 2);
    const sent = await runNode(
      target,
      `--role client --to ${to} --message hola --count 20 --interval 0ms ` +
        `--log-dir ${directory.path}`,
    );
    assert.equal(sent.code, 0, sent.errors);
    await second.line(/Scrub ended: /);

    const path = directory.at("d1/data.txt");
    const bytes = await Deno.readFile(path);
    const lineBytes = bytes.indexOf(10) + 1;
    const at = bytes.indexOf(10, 3 * lineBytes) - 1;
    bytes[at] = bytes[at]! ^ 1;
    await Deno.writeFile(path, bytes);
    const [, file] = await first.line(
      /Scrub: data\.txt is damaged at offset \d+: .* a copy .* in '(\S+)'/,
    );
    assert.ok(directory.lines(`d1/${file}`)[0]!.endsWith("mensaje: hol`"));
    await head.line(/dataNode .* has damaged records/);
    await head.line(
      /Repair ended: .* 1 record with too few copies, 1 copy made/,
    );
    const restored = ["d1", "d2"].flatMap((name) =>
      directory.lines(`${name}/restored-000001.txt`)
    );
    assert.equal(restored.length, 1);
    // What stands in the segment is left as it is.
    assert.ok(
      directory.lines("d1/data.txt").some((line) => line.endsWith("`")),
    );
  });
}
