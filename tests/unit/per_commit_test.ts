import assert from "node:assert/strict";
import { PerCommit } from "../../lib/store/per_commit.ts";

const newTexts = () =>
  new PerCommit<string[]>(() => [], (texts) => {
    texts.length = 0;
  });

Deno.test("PerCommit keeps apart what belongs to the two commits that are open", () => {
  const texts = newTexts();
  for (let commit = 1; commit < 100; commit++) {
    texts.at(commit).push(`${commit}`);
    texts.at(commit + 1).push(`before ${commit + 1}`);
    texts.at(commit).push("more");
    const before = commit === 1 ? [] : [`before ${commit}`];
    assert.deepEqual(texts.at(commit), [...before, `${commit}`, "more"]);
    texts.done(commit);
  }
  assert.deepEqual(texts.both.flat(), ["before 100"]);
});

Deno.test("PerCommit goes on after commits that it was not asked about", () => {
  const texts = newTexts();
  texts.at(1).push("uno");
  texts.done(1);
  texts.done(2);
  texts.at(8).push("ocho");
  texts.at(9).push("nueve");
  texts.done(8);
  assert.deepEqual(texts.at(10), []);
  assert.deepEqual(texts.at(9), ["nueve"]);
});

Deno.test("PerCommit refuses a third commit, and one that is done", () => {
  const texts = newTexts();
  texts.at(1).push("uno");
  texts.at(2).push("dos");
  assert.throws(() => texts.at(3), /no third commit/);
  assert.throws(() => texts.done(4), /no third commit/);
  texts.done(1);
  assert.throws(() => texts.at(1), /that is done is not open/);
  assert.deepEqual(texts.at(3), []);
  assert.deepEqual(texts.at(2), ["dos"]);
});
