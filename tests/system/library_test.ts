/** The client library, in a program that is not part of this project. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  start,
  startNode,
  targets,
} from "../support/program.ts";

const library = new URL("../../mod.ts", import.meta.url);

const PROGRAM = `
import { connect, RejectedError } from "${library}";

const client = connect({
  to: "127.0.0.1:" + Deno.args[0],
  events: { connected: (_, role) => console.log("connected to", role) },
});
const { id, holders } = await client.send("hola");
console.log(id === client.id + "-1", holders.length, holders[0]?.address);
const receipts = await client.sendBatch(
  Array.from({ length: 20_000 }, (_, i) => "mensaje número " + i),
);
console.log(receipts.every(({ id }, i) => id === client.id + "-" + (i + 2)));
try {
  await client.send(new Uint8Array(300_000));
} catch (error) {
  console.log(error instanceof RejectedError && error.message);
}
await client.close();
`;

for (const target of targets) {
  Deno.test(`${target.name}: a program elsewhere uses the library`, async () => {
    await using directory = new Directory();
    await Deno.writeTextFile(directory.at("main.ts"), PROGRAM);
    await using head = startNode(
      target,
      `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
    );
    const port = await portOf(head);
    await using data = startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at("data")}`,
    );
    await using program = start(Deno.execPath(), [
      "run",
      "--quiet",
      "--check",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "main.ts",
      `${port}`,
    ], { cwd: directory.path });
    assert.equal(await program.exit(), 0, program.errorLines.join("\n"));
    assert.deepEqual(program.lines, [
      "connected to head",
      "true 1 127.0.0.1",
      "true",
      "Cannot send a message of 300000 bytes: at most 262144 are possible",
    ]);
    assert.equal(directory.lines("data/data.txt").length, 20_001);
    assert.equal(await data.stop(), 0);
  });
}
