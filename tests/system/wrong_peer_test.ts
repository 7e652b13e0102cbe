/** A client that calls a peer which cannot do what it is asked for. */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  portOf,
  type Program,
  runNode,
  startNode,
  startOriginal,
  targets,
} from "../support/program.ts";

/** Why no original can be called here, if so. */
const pythonLacking = await new Deno.Command("python3", {
  args: ["--version"],
}).output().then(() => undefined, () => "no python3");

const target = targets[0]!;

function startPeer(directory: Directory, role: "head" | "server"): Program {
  return startNode(
    target,
    `--role ${role} --host 127.0.0.1 --port 0 --log-dir ${directory.at(role)}`,
  );
}

Deno.test("client: a peer that is not what --peer says is no peer, exit code 1", async () => {
  await using directory = new Directory();
  await using server = startPeer(directory, "server");
  await using head = startPeer(directory, "head");
  const cases = [
    [server, "head", "it is a server, not a head"],
    [head, "server", "it is a head, not a server"],
  ] as const;
  for (const [peer, expected, reason] of cases) {
    const to = `127.0.0.1:${await portOf(peer)}`;
    const { code, out } = await runNode(
      target,
      `--role client --to ${to} --message q --peer ${expected} ` +
        `--log-dir ${directory.at("client")}`,
    );
    assert.equal(code, 1, out);
    assert.match(out, new RegExp(`error: Cannot use ${to}: ${reason}$`));
    assert.equal(out.split("\n").length, 1);
  }
  const log = directory.lines("server/log.txt");
  assert.deepEqual(log.filter((line) => line.endsWith(" q")), []);
});

Deno.test("client: --read of a server ends with 1 and says why", async () => {
  await using directory = new Directory();
  await using server = startPeer(directory, "server");
  const to = `127.0.0.1:${await portOf(server)}`;
  const cases = [
    [to, "--read"],
    [to, "--where=c-1"],
    [`${to},127.0.0.1:${freePort()}`, "--read"],
  ] as const;
  for (const [to, flag] of cases) {
    const { code, out, errors } = await runNode(
      target,
      `--role client --to ${to} ${flag}`,
    );
    assert.deepEqual({ code, out }, { code: 1, out: "" }, errors);
    assert.match(
      errors,
      /error: Cannot use 127\.0\.0\.1:\d+: it is an original program or a server, which keep nothing that can be read back$/,
    );
  }
});

Deno.test({
  name: "client: originals that are no head, by --peer and --read" +
    (pythonLacking === undefined ? "" : ` (SKIPPED: ${pythonLacking})`),
  ignore: pythonLacking !== undefined,
  async fn() {
    await using server = startOriginal("servidor", "");
    const port = Number((await server.line(/puerto (\d+)/))[1]);
    await using directory = new Directory();
    const client = (flags: string) =>
      runNode(
        target,
        `--role client --to 127.0.0.1:${port} ` +
          `--log-dir ${directory.path} ${flags}`,
      );
    const sent = await client("--message q --peer head");
    assert.equal(sent.code, 1, sent.out);
    assert.match(sent.out, /Cannot use .*: it is a server, not a head$/);
    const read = await client("--read");
    assert.equal(read.code, 1, read.errors);
    assert.match(read.errors, /Cannot use .* nothing that can be read back$/);
  },
});
