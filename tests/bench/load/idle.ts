/**
 * Connections that do nothing: shakes hands with a head so many times, as
 * clients do, says `ready`, and stays until it is killed. It answers no beats,
 * so a head takes it for vanished after a minute.
 */

import { bytesOf } from "../../../lib/base/ascii.ts";
import { requestLine } from "../../../lib/wire/greeting.ts";
import { readUntil, writeAll } from "./protocol.ts";

/** Handshakes at once: a head takes no more than a thousand. */
const AT_ONCE = 100;

const [port = 0, count = 0] = Deno.args.map(Number);
for (let done = 0; done < count; done += AT_ONCE) {
  const now = Math.min(AT_ONCE, count - done);
  await Promise.all(Array.from({ length: now }, (_, i) => connect(done + i)));
}
console.log("ready");
setInterval(() => {}, 2 ** 30);

async function connect(index: number): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, bytesOf(requestLine()));
  await readUntil(conn, "\n");
  await writeAll(conn, bytesOf(`cliente id=idle-${index}\n`));
}
