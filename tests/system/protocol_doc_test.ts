/** The client of docs/protocol.md works as it stands there. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  start,
  startNode,
  targets,
} from "../support/program.ts";

const document = Deno.readTextFileSync(
  new URL("../../docs/protocol.md", import.meta.url),
);

for (const target of targets) {
  Deno.test(`${target.name}: the Python client of docs/protocol.md gets its receipts`, async () => {
    const [, source] = /```python\n([^]*?)```/.exec(document)!;
    await using directory = new Directory();
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
    );
    const port = await portOf(head);
    await using data = startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("data")}`,
    );
    const ids = () =>
      directory.lines("data/data.txt").map((line) => line.split(" ", 4)[3]!);
    // A second run numbers its messages as the first did, under another id.
    for (const texts of [["hola", "¿qué tal?"], ["adiós"]]) {
      const before = ids().length;
      await using client = start("python3", [
        "-c",
        source!,
        "127.0.0.1",
        `${port}`,
        ...texts,
      ]);
      assert.equal(await client.exit(), 0, client.errorLines.join("\n"));
      const node = directory.lines("data/node.id")[0];
      const stored = ids().slice(before);
      assert.equal(stored.length, texts.length);
      assert.deepEqual(
        client.lines,
        stored.map((id) => `${id} is on 1: ${node} at 127.0.0.1`),
      );
    }
    assert.equal(new Set(ids()).size, 3);
    assert.equal(await data.stop(), 0);
  });
}
