/** An id that is used again, by real processes. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  runNode,
  start,
  startNode,
  targets,
} from "../support/program.ts";

const library = new URL("../../mod.ts", import.meta.url);
const document = Deno.readTextFileSync(
  new URL("../../docs/protocol.md", import.meta.url),
);

/** Sends texts under an id, and prints what became of each. */
const PROGRAM = `
import { connect } from "${library}";

const [port, clientId, ...texts] = Deno.args;
const client = connect({ to: "127.0.0.1:" + port, clientId });
for (const text of texts) {
  try {
    console.log((await client.send(text)).id);
  } catch (error) {
    console.log(error.name + ": " + error.message);
  }
}
await client.close();
`;

for (const target of targets) {
  Deno.test(`${target.name}: an id that is used again is resumed, or refused`, async () => {
    await using directory = new Directory();
    await Deno.writeTextFile(directory.at("main.ts"), PROGRAM);
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
    );
    const port = await portOf(head);
    const startData = (i: number) =>
      startNode(
        target,
        `--role data --head 127.0.0.1:${port} --dir ${directory.at(`d${i}`)}`,
      );
    await using _first = startData(0);
    await using _second = startData(1);
    await using third = startData(2);
    await head.lineCount(/dataNode .* joined/, 3);
    const run = async (id: string, ...texts: string[]) => {
      await using program = start(Deno.execPath(), [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "main.ts",
        `${port}`,
        id,
        ...texts,
      ], { cwd: directory.path });
      assert.equal(await program.exit(), 0, program.errorLines.join("\n"));
      return program.lines;
    };
    const ids = (id: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${id}-${i + 1}`);
    const records = () =>
      [0, 1, 2].flatMap((i) => directory.lines(`d${i}/data.txt`)).length;

    const monday = ["monday: order 1", "monday: order 2", "monday: order 3"];
    const tuesday = ["tuesday: order 4", "tuesday: order 5"];
    assert.deepEqual(await run("py1", ...monday), ids("py1", 3));
    assert.deepEqual(await run("py1", ...monday), ids("py1", 3));
    assert.equal(records(), 3, "what is resumed is not stored again");

    const refused = (sequence: number) =>
      `RejectedError: Cannot store message py1-${sequence}: client id py1 was ` +
      "used for other messages before: py1-1 is another one (reused)";
    assert.deepEqual(await run("py1", ...tuesday), [refused(1), refused(2)]);
    // The data nodes know it also after a restart.
    await third.kill();
    await using _again = startData(2);
    await head.line(/dataNode .* rejoined/);
    assert.deepEqual(await run("py1", ...tuesday), [refused(1), refused(2)]);
    // One that goes on where the other ended gives itself away by the first.
    assert.deepEqual(
      await run("py1", ...monday, "tuesday: order 4"),
      ids("py1", 4),
    );
    assert.equal(records(), 4);

    // The client of the protocol's page, with an id that repeats as a pid does.
    const [, source] = /```python\n([^]*?)```/.exec(document)!;
    const python = async (...texts: string[]) => {
      await using program = start("python3", [
        "-c",
        source!.replace("secrets.token_hex(8)", "7"),
        "127.0.0.1",
        `${port}`,
        ...texts,
      ]);
      assert.equal(await program.exit(), 0, program.errorLines.join("\n"));
      return program.lines.map((line) => line.replace(/ is on 1: .*/, ""));
    };
    assert.deepEqual(await python(...monday), ids("py7", 3));
    const [line] = await python(...tuesday);
    assert.match(line!, /^py7-1: error 11: client id py7 was used for other/);
    await head.line(/py7-1\.\.2 cannot be stored: client id py7 was used/);
    for (const line of head.lines) assert.doesNotMatch(line, /could not store/);

    const read = await runNode(
      target,
      `--role client --to 127.0.0.1:${port} --read --format text`,
    );
    assert.equal(read.code, 0);
    assert.deepEqual(
      read.out.split("\n").sort(),
      [...monday, ...monday, "tuesday: order 4"].sort(),
    );
  });
}
