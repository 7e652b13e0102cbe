import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  type Greeting,
  readConfirmation,
  readRequest,
  type Request,
  requestLine,
  restOfConfirmation,
} from "../../lib/wire/greeting.ts";
import { RequestStep } from "../../lib/wire/request_step.ts";

const request = (text: string) => readRequest(bytesOf(text), text.length);
const confirmation = (text: string, silent = false) =>
  readConfirmation(bytesOf(text), text.length, silent);

function agreed(greeting: Request) {
  assert.equal(greeting.kind, "agreed");
  return greeting as Greeting & { kind: "agreed" };
}

Deno.test("readRequest knows the question for status, whole", () => {
  assert.deepEqual(request("estado\n"), { kind: "status", used: 7 });
  assert.equal(request("est").kind, "wait");
  assert.equal(request("estado").kind, "wait");
  assert.equal(request("estados\n").kind, "wrong");
});

Deno.test("readRequest tells the encodings apart", () => {
  assert.equal(agreed(request("peticion")).encoding, "chunk");
  assert.equal(agreed(request("peticion\n")).encoding, "line");
  assert.equal(agreed(request("peticion\r\n")).encoding, "line");
  assert.equal(agreed(request("peticion sd/2\n")).encoding, "frame");
});

Deno.test("readRequest reads the properties of a frame peer", () => {
  const { properties, used } = agreed(request("peticion sd/2 a=1 b=x=y new\n"));
  assert.deepEqual(properties, { a: "1", b: "x=y" });
  assert.equal(used, "peticion sd/2 a=1 b=x=y new\n".length);
});

Deno.test("readRequest waits for what may become a request", () => {
  for (const start of ["", "p", "peticio", "peticion\r", "peticion sd/"]) {
    assert.equal(request(start).kind, "wait", JSON.stringify(start));
  }
});

Deno.test("readRequest refuses anything else, and says what it got", () => {
  for (const start of ["GET / HTTP/1.1\r\n", "peticiom", "\n", "\x00\xff"]) {
    const greeting = request(start);
    assert.equal(greeting.kind, "wrong", JSON.stringify(start));
    assert.match(
      (greeting as { reason: string }).reason,
      /^expected 'peticion'/,
    );
  }
  const future = request("peticion sd/3\n");
  assert.match((future as { reason: string }).reason, /sd\/2/);
});

Deno.test("readRequest bounds the length of the line", () => {
  const greeting = request(`peticion sd/2 x=${"a".repeat(5000)}`);
  assert.equal(greeting.kind, "wrong");
});

Deno.test("readConfirmation takes a bare word for an original's after a silence", () => {
  assert.equal(confirmation("confirmacion").kind, "wait");
  assert.equal(agreed(confirmation("confirmacion", true)).encoding, "chunk");
  assert.equal(agreed(confirmation("confirmacion\n")).encoding, "line");
  const frames = agreed(confirmation("confirmacion sd/2 role=head\n"));
  assert.equal(frames.encoding, "frame");
  assert.deepEqual(frames.properties, { role: "head" });
  const server = agreed(confirmation("confirmacion role=server\n"));
  assert.equal(server.encoding, "line");
  assert.deepEqual(server.properties, { role: "server" });
});

Deno.test("readConfirmation leaves what follows to the session", () => {
  assert.equal(agreed(confirmation("confirmacionX")).used, 12);
  assert.equal(agreed(confirmation("confirmacion\nX")).used, 13);
});

Deno.test("RequestStep answers the same whatever the reads were", () => {
  const cases = [
    { sent: "peticion\n", said: "confirmacion\n", encoding: "line" },
    { sent: "peticion\r\n", said: "confirmacion\n", encoding: "line" },
    {
      sent: requestLine(),
      said: "confirmacion sd/2 k=v\n",
      encoding: "frame",
    },
  ];
  const anyCuts = fc.array(fc.nat(16), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...cases), anyCuts, (expected, cuts) => {
      const out = new ByteQueue();
      const step = new RequestStep(
        (encoding) => restOfConfirmation(encoding, { k: "v" }),
        true,
      );
      const bytes = bytesOf(`${expected.sent}rest`);
      let used = 0;
      for (const end of [...cuts.sort((a, b) => a - b), bytes.length]) {
        while (!step.settled) {
          const count = step.read(bytes.subarray(used, end), out);
          if (count < 0) break;
          used += count;
        }
      }
      assert.equal(step.settled, true);
      assert.equal(step.encoding, expected.encoding);
      assert.equal(textOf(out.view()), expected.said);
      assert.equal(used, expected.sent.length);
    }),
  );
});

Deno.test("RequestStep takes what follows a chunk peer's answer for a role", () => {
  const out = new ByteQueue();
  const step = new RequestStep(restOfConfirmation, true);
  assert.equal(step.read(bytesOf("peticion"), out), 8);
  assert.equal(textOf(out.view()), "confirmacion");
  assert.equal(step.settled, false);
  assert.equal(step.read(bytesOf("cliente"), out), 0);
  assert.equal(step.settled, true);
  assert.equal(step.encoding, "chunk");
});
