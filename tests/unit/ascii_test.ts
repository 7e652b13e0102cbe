import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bytesOf,
  decimalLength,
  startsWith,
  textOf,
  writeDecimal,
} from "../../lib/base/ascii.ts";

Deno.test("writeDecimal writes what String writes", () => {
  const target = new Uint8Array(40);
  fc.assert(fc.property(
    fc.maxSafeNat(),
    fc.nat(20),
    (value, at) => {
      const end = writeDecimal(target, at, value);
      assert.equal(textOf(target, at, end), String(value));
      assert.equal(decimalLength(value), end - at);
    },
  ));
  for (const value of [0, 9, 10, 99, 100, Number.MAX_SAFE_INTEGER]) {
    const end = writeDecimal(target, 0, value);
    assert.equal(textOf(target, 0, end), String(value));
  }
});

Deno.test("startsWith looks no further than it is told", () => {
  const bytes = bytesOf("confirmacion");
  assert.equal(startsWith(bytes, bytesOf("confirm")), true);
  assert.equal(startsWith(bytes, bytesOf("confirm"), 0, 6), false);
  assert.equal(startsWith(bytes, bytesOf("firma"), 3), true);
  assert.equal(startsWith(bytes, bytesOf("firme"), 3), false);
});
