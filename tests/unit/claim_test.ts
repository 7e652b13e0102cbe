import assert from "node:assert/strict";
import { strongRandom } from "../../lib/system/environment.ts";
import { claim, claimedHere } from "../../lib/system/claim.ts";
import {
  openNodeDirectory,
  runningNodes,
} from "../../lib/system/node_directory.ts";
import { Directory } from "../support/program.ts";

const MARK = "used";

Deno.test("of DIR/* each takes one that no other has", async () => {
  await using directory = new Directory();
  const any = directory.at("*");
  const claims = [1, 2, 3].map(() => claim(any, MARK)!);
  assert.deepEqual(
    claims.map(({ path }) => path),
    ["1", "2", "3"].map((name) => directory.at(name)),
  );
  claims[1]!.close();
  const again = claim(any, MARK)!;
  assert.equal(again.path, directory.at("2"));
  for (const { close } of [claims[0]!, again, claims[2]!]) close();
});

Deno.test("of DIR/* those in use before are taken first, in their order", async () => {
  await using directory = new Directory();
  for (const name of ["1", "2", "10", "9"]) Deno.mkdirSync(directory.at(name));
  for (const name of ["10", "9"]) {
    Deno.writeTextFileSync(`${directory.at(name)}/${MARK}`, "");
  }
  // Neither is one of them.
  Deno.mkdirSync(directory.at("lost+found"));
  Deno.mkdirSync(directory.at("01"));
  const claims = Array.from({ length: 5 }, () => {
    return claim(directory.at("*"), MARK)!;
  });
  assert.deepEqual(
    claims.map(({ path }) => path),
    ["9", "10", "1", "2", "11"].map((name) => directory.at(name)),
  );
  for (const { close } of claims) close();
});

Deno.test("a directory is claimed once", async () => {
  await using directory = new Directory();
  const first = claim(directory.at("d"), MARK)!;
  assert.equal(claim(directory.at("d"), MARK), undefined);
  first.close();
  const second = claim(directory.at("d"), MARK)!;
  assert.equal(second.path, directory.at("d"));
  second.close();
});

Deno.test("claims of this host are told from those of others, and from none", async () => {
  await using directory = new Directory();
  const any = directory.at("*");
  assert.deepEqual(claimedHere(any), []);
  const [own, others, ended] = [1, 2, 3].map(() =>
    openNodeDirectory(any, strongRandom)
  );
  Deno.writeTextFileSync(`${others!.path}/node.lock`, "elsewhere\n");
  ended!.close();
  assert.deepEqual(claimedHere(any), [own!.path]);
  assert.deepEqual(runningNodes(any), [own!.id]);
  assert.deepEqual(runningNodes(own!.path), [own!.id]);
  assert.deepEqual(runningNodes(ended!.path), []);
  assert.deepEqual(runningNodes(directory.at("absent")), []);
  own!.close();
  others!.close();
});

Deno.test("a claim names this host, whatever was named before", async () => {
  await using directory = new Directory();
  Deno.writeTextFileSync(directory.at("node.lock"), `${"x".repeat(300)}\n`);
  const claimed = claim(directory.path, MARK)!;
  assert.deepEqual(directory.lines("node.lock"), [Deno.hostname()]);
  assert.deepEqual(claimedHere(directory.path), [directory.path]);
  claimed.close();
});
