/** The executable as a file: unpacking, places, permissions. */

import assert from "node:assert/strict";
import { permissions } from "../../.tasks/permissions.ts";
import {
  Directory,
  portOf,
  start,
  startNode,
  targets,
} from "../support/program.ts";

const target = targets.find(({ name }) => name === "executable");
const isSelfExtracting = target !== undefined &&
  new TextDecoder().decode(
    await readStart(target.command, 64),
  ).includes("self-extracting");

async function readStart(path: string, bytes: number): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const start = new Uint8Array(bytes);
  await file.read(start);
  return start;
}

if (target !== undefined) {
  Deno.test({
    name: "executable: eight that start at once unpack it once",
    ignore: !isSelfExtracting,
    async fn() {
      await using directory = new Directory();
      const env = {
        HOME: directory.path,
        XDG_CACHE_HOME: "",
        SD_CACHE_DIR: "",
      };
      const starts = Array.from(
        { length: 8 },
        () => startNode(target, "--version", { env }),
      );
      for (const program of starts) {
        await program.endInput();
        assert.equal(await program.exit(), 0);
        assert.match(program.lines.join("\n"), /^sd-node \d+\.\d+\.\d+$/);
        assert.deepEqual(program.errorLines, []);
      }
      const cache = directory.at(".cache/sd-node");
      const entries = Array.from(Deno.readDirSync(cache), ({ name }) => name);
      assert.equal(entries.length, 1, entries.join());
    },
  });

  Deno.test({
    name: "executable: SD_CACHE_DIR says where it unpacks",
    ignore: !isSelfExtracting,
    async fn() {
      await using directory = new Directory();
      await using program = startNode(target, "--version", {
        env: {
          HOME: directory.at("no home"),
          SD_CACHE_DIR: directory.at("a b/cache"),
          XDG_CACHE_HOME: "",
          TMPDIR: directory.at("no tmp"),
        },
      });
      await program.endInput();
      assert.equal(await program.exit(), 0);
      const entries = [...Deno.readDirSync(directory.at("a b/cache"))];
      assert.equal(entries.length, 1);
    },
  });

  Deno.test({
    name: "executable: nowhere to unpack is one clear line, exit code 1",
    ignore: !isSelfExtracting,
    async fn() {
      await using program = startNode(target, "--version", {
        env: {
          HOME: "/proc/nohome",
          SD_CACHE_DIR: "/proc/nocache",
          XDG_CACHE_HOME: "/proc/noxdg",
          TMPDIR: "/proc/notmp",
        },
      });
      await program.endInput();
      assert.equal(await program.exit(), 1);
      assert.equal(program.errorLines.length, 1, program.errorLines.join("\n"));
      assert.match(
        program.errorLines[0]!,
        /^sd-node: Cannot unpack: no directory .*name one with SD_CACHE_DIR$/,
      );
    },
  });

  Deno.test("executable: it runs with the narrow permissions, not with all", async () => {
    await using directory = new Directory();
    await using server = startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );
    await portOf(server);
    await using cat = start("cat", [`/proc/${server.pid}/cmdline`]);
    await cat.exit();
    const args = cat.lines.join("\n").split("\0");
    if (isSelfExtracting) {
      for (const flag of permissions) assert.ok(args.includes(flag), flag);
    }
    assert.ok(!args.includes("-A") && !args.includes("--allow-all"));
    assert.equal(await server.stop(), 0);
  });
}
