/** Why a call failed, in the words of each system's resolver. */

import assert from "node:assert/strict";
import {
  UNKNOWN_HOST,
  UNRESOLVED_HOST,
  whyNotConnected,
} from "../../lib/system/dial.ts";

/** What Deno throws, as Rust's library words it. */
const lookup = (words: string) =>
  whyNotConnected(
    new Error(`failed to lookup address information: ${words}`),
  );

Deno.test("a name is unknown when a resolver has said so, on any system", () => {
  for (
    const words of [
      // glibc
      "Name or service not known",
      "No address associated with hostname",
      // musl
      "Name does not resolve",
      "Name has no usable address",
      // macOS, BSD
      "nodename nor servname provided, or not known",
      "hostname nor servname provided, or not known",
      "No address associated with name",
    ]
  ) assert.equal(lookup(words), UNKNOWN_HOST, words);
  for (
    const message of [
      "No such host is known. (os error 11001)",
      "Este host es desconocido. (os error 11001)",
      "The requested name is valid, but no data of the requested type was " +
      "found. (os error 11004)",
    ]
  ) assert.equal(whyNotConnected(new Error(message)), UNKNOWN_HOST, message);
});

Deno.test("a resolver that is away says nothing about the name", () => {
  assert.equal(lookup("Temporary failure in name resolution"), UNRESOLVED_HOST);
  assert.equal(lookup("Try again"), UNRESOLVED_HOST);
  assert.equal(
    whyNotConnected(
      new Error("Es un error temporal habitual … (os error 11002)"),
    ),
    UNRESOLVED_HOST,
  );
});

Deno.test("what a resolver says else is not final either, and is shown", () => {
  assert.equal(
    lookup("Non-recoverable failure in name resolution"),
    "its name cannot be resolved now " +
      "(Non-recoverable failure in name resolution)",
  );
  assert.equal(
    whyNotConnected(new Error("A non-recoverable error (os error 11003)")),
    "its name cannot be resolved now (A non-recoverable error (os error 11003))",
  );
});

Deno.test("a name that cannot be one is unknown; other errors are themselves", () => {
  // What Deno throws of two dots in a row, without asking anybody.
  const error = new URIError("invalid host 'a..b': empty label found in FQDN");
  assert.equal(whyNotConnected(error), UNKNOWN_HOST);
  assert.equal(
    whyNotConnected(new Deno.errors.ConnectionRefused("x")),
    "nobody listens there",
  );
  assert.equal(
    whyNotConnected(new DOMException("x", "TimeoutError")),
    "it does not answer",
  );
});
