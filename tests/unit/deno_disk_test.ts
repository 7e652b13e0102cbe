/** A real directory, and what others do in it. */

import assert from "node:assert/strict";
import { DenoDisk, LOCK_FILE } from "../../lib/system/deno_disk.ts";
import { Directory } from "../support/program.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function append(disk: DenoDisk, name: string, text: string) {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  disk.append(name, bytesOf(text), resolve);
  return promise;
}

function write(disk: DenoDisk, name: string, text: string) {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  disk.write(name, bytesOf(text), resolve);
  return promise;
}

/** A disk with a file of ten bytes that is held. */
async function newDisk(directory: Directory) {
  Deno.writeTextFileSync(directory.at(LOCK_FILE), "");
  const disk = new DenoDisk(directory.path, true);
  disk.replace("f", new Uint8Array());
  disk.hold("f");
  assert.equal(await append(disk, "f", "0123456789"), undefined);
  assert.equal(disk.check("f", 10), undefined);
  return disk;
}

Deno.test("DenoDisk sees what others do to a file that it appends to", async () => {
  const cases: readonly (readonly [(path: string) => void, RegExp])[] = [
    [(path) => Deno.renameSync(path, `${path}.1`), /moved away or removed/],
    [(path) => Deno.removeSync(path), /moved away or removed/],
    [(path) => Deno.truncateSync(path, 3), /cut short/],
    [
      (path) => Deno.writeTextFileSync(path, "x", { append: true }),
      /written to/,
    ],
    [(path) => {
      Deno.copyFileSync(path, `${path}.new`);
      Deno.renameSync(`${path}.new`, path);
    }, /replaced by another file/],
    [(path) => {
      Deno.removeSync(path);
      Deno.writeTextFileSync(path, "0123456789");
    }, /replaced by another file/],
  ];
  for (const [touch, expected] of cases) {
    await using directory = new Directory();
    const disk = await newDisk(directory);
    touch(directory.at("f"));
    assert.match(disk.check("f", 10) ?? "", expected);
    assert.equal(disk.gone(), undefined);
  }
});

Deno.test("DenoDisk sees that its directory is gone, and when it is back", async () => {
  await using directory = new Directory();
  Deno.mkdirSync(directory.at("d"));
  Deno.writeTextFileSync(directory.at(`d/${LOCK_FILE}`), "");
  const disk = new DenoDisk(directory.at("d"), true);
  disk.replace("f", bytesOf("abc"));
  disk.hold("f");
  Deno.renameSync(directory.at("d"), directory.at("away"));
  assert.match(disk.gone() ?? "", /moved away, replaced or removed/);
  assert.match(disk.check("f", 3) ?? "", /moved away, replaced or removed/);
  Deno.mkdirSync(directory.at("d"));
  Deno.writeTextFileSync(directory.at(`d/${LOCK_FILE}`), "");
  assert.match(disk.gone() ?? "", /moved away, replaced or removed/);
  assert.throws(() => disk.replace("g", bytesOf("x")), /moved away, replaced/);
  assert.match(await write(disk, "g", "x") ?? "", /moved away, replaced/);
  assert.match(await append(disk, "g", "x") ?? "", /moved away, replaced/);
  assert.equal([...Deno.readDirSync(directory.at("d"))].length, 1);
  Deno.removeSync(directory.at("d"), { recursive: true });
  Deno.renameSync(directory.at("away"), directory.at("d"));
  assert.equal(disk.gone(), undefined);
  assert.equal(disk.check("f", 3), undefined);
});

Deno.test("DenoDisk sees that its lock is gone, or another, though all files are there", async () => {
  const touches: readonly ((path: string) => void)[] = [
    (path) => Deno.removeSync(path),
    (path) => Deno.renameSync(path, `${path}.1`),
    (path) => {
      Deno.renameSync(path, `${path}.1`);
      Deno.writeTextFileSync(path, "");
    },
  ];
  for (const touch of touches) {
    await using directory = new Directory();
    const disk = await newDisk(directory);
    touch(directory.at(LOCK_FILE));
    assert.match(disk.gone() ?? "", /its node\.lock, was moved away/);
    assert.match(disk.check("f", 10) ?? "", /its node\.lock, was moved away/);
    assert.match(disk.check("f", 9) ?? "", /its node\.lock, was moved away/);
  }
});

Deno.test("DenoDisk writes a file anew, in its place", async () => {
  await using directory = new Directory();
  const disk = new DenoDisk(directory.path, true);
  const text = "0123456789".repeat(300_000);
  Deno.writeTextFileSync(directory.at("f"), `${text}torn`);
  const { ino } = Deno.statSync(directory.at("f"));
  disk.rewrite("f", text.length);
  assert.equal(Deno.readTextFileSync(directory.at("f")), text);
  assert.notEqual(Deno.statSync(directory.at("f")).ino, ino);
  assert.throws(() => disk.rewrite("f", text.length + 1), /shorter/);
  assert.deepEqual(disk.list(), ["f"], "nothing is left of what failed");
});

Deno.test("DenoDisk: what is written beside does not undo what is written after", async () => {
  await using directory = new Directory();
  const disk = new DenoDisk(directory.path, true);
  assert.equal(await write(disk, "f", "one"), undefined);
  assert.equal(Deno.readTextFileSync(directory.at("f")), "one");
  const beside = write(disk, "f", "two");
  disk.replace("f", bytesOf("three"));
  assert.equal(await beside, undefined);
  assert.equal(Deno.readTextFileSync(directory.at("f")), "three");
  await Deno.remove(directory.path, { recursive: true });
  assert.match(await write(disk, "f", "four") ?? "", /No such file/);
  await Deno.mkdir(directory.path);
});

Deno.test("DenoDisk does not take what it opens for what it holds", async () => {
  await using directory = new Directory();
  const first = await newDisk(directory);
  assert.equal(first.check("f", 10), undefined);
  const disk = new DenoDisk(directory.path, true);
  disk.hold("f");
  Deno.copyFileSync(directory.at("f"), directory.at("g"));
  Deno.renameSync(directory.at("g"), directory.at("f"));
  assert.equal(await append(disk, "f", "abc"), undefined);
  assert.match(disk.check("f", 13) ?? "", /replaced/);
});
