import assert from "node:assert/strict";
import fc from "fast-check";
import { formatStatus, parseStatus } from "../../lib/wire/status.ts";

const word = fc.stringMatching(/^[a-z0-9.:]{1,12}$/);

Deno.test("a status is read as it was written", () => {
  const anyNode = fc.record(
    { id: word, address: word, state: word },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(word, word, fc.array(anyNode), (role, held, nodes) => {
      const status = { role, properties: { held }, nodes };
      assert.deepEqual(parseStatus(formatStatus(status)), status);
    }),
  );
});

Deno.test("what is no whole status is none", () => {
  for (
    const text of [
      "",
      "confirmacion\n",
      "error full: 100 clients\n",
      "estado role=head",
      "estados role=head\n",
    ]
  ) {
    assert.equal(parseStatus(text), undefined, text);
  }
});

Deno.test("a later version may say more", () => {
  const text = "estado role=head held=0 new=1\n" +
    "dataNode id=a address=b state=c more=d\nother x=y\n";
  assert.deepEqual(parseStatus(text), {
    role: "head",
    properties: { held: "0", new: "1" },
    nodes: [{ id: "a", address: "b", state: "c" }],
  });
});
