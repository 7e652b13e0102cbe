import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOf } from "../../lib/base/ascii.ts";
import { areClientId, isClientId, nameOf } from "../../lib/base/names.ts";

Deno.test("nameOf gives each name, however many are met between", () => {
  // Few letters and many names, so that they meet in every place.
  const name = fc.string({
    unit: fc.constantFrom(..."abA0_.-"),
    minLength: 1,
    maxLength: 64,
  });
  fc.assert(
    fc.property(fc.array(name, { maxLength: 4_000 }), (names) => {
      for (const text of [...names, ...names]) {
        const bytes = bytesOf(`x${text}y`);
        assert.equal(nameOf(bytes, 1, bytes.length - 1), text);
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("nameOf keeps no hold of the bytes it was given", () => {
  const bytes = bytesOf("uno");
  assert.equal(nameOf(bytes, 0, 3), "uno");
  bytes.set(bytesOf("dos"));
  assert.equal(nameOf(bytes, 0, 3), "dos");
  assert.equal(nameOf(bytesOf("uno"), 0, 3), "uno");
});

Deno.test("a client id has 1 to 64 of its letters", () => {
  assert.ok(isClientId("A-z_0.9") && isClientId("a".repeat(64)));
  for (const text of ["", "a".repeat(65), "a b", "ñ", 'a"']) {
    assert.ok(!isClientId(text), text);
  }
  const bytes = bytesOf(" ab ");
  assert.ok(areClientId(bytes, 1, 3));
  assert.ok(!areClientId(bytes, 0, 3));
});
