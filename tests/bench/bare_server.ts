/** The least that `Deno.listen` can do: what comes goes back. */

const listener = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
console.log("listening");
for await (const conn of listener) serve(conn);

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  await conn.read(buffer);
  await conn.write(new TextEncoder().encode("confirmacion\n"));
  for (;;) {
    const length = await conn.read(buffer);
    if (length === null) return;
    for (let at = 0; at < length;) {
      at += await conn.write(buffer.subarray(at, length));
    }
  }
}
