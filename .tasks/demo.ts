/**
 * `deno task demo`: a head, three data nodes and two clients on this machine,
 * until Ctrl-C.
 *
 *     deno task demo [--port PORT] [--seconds N]
 *
 * @module
 */

import { counted } from "../lib/base/counted.ts";
import { compileIfStale } from "./stale.ts";

const { port, seconds } = readArgs(Deno.args);
const directory = await Deno.makeTempDir({ prefix: "sd-node-demo-" });
const isColored = Deno.stdout.isTerminal() && !Deno.noColor;

/** A process of the demo. */
interface Part {
  readonly name: string;
  readonly color: number;
  readonly args: readonly string[];
  child: Deno.ChildProcess | undefined;
}

const data = (name: string, color: number): Part => ({
  name,
  color,
  args: [
    "--role=data",
    `--head=127.0.0.1:${port}`,
    `--dir=${directory}/${name}`,
  ],
  child: undefined,
});
const client = (name: string, color: number, interval: string): Part => ({
  name,
  color,
  args: [
    "--role=client",
    `--to=127.0.0.1:${port}`,
    `--interval=${interval}`,
    `--log-dir=${directory}/${name}`,
  ],
  child: undefined,
});
const head: Part = {
  name: "head",
  color: 33,
  args: [
    "--role=head",
    "--host=127.0.0.1",
    `--port=${port}`,
    `--log-dir=${directory}/head`,
  ],
  child: undefined,
};
const nodes = [data("data-1", 32), data("data-2", 36), data("data-3", 34)];
const clients = [client("client-1", 35, "2s"), client("client-2", 95, "3s")];

/** Whether the head listens; false once it has ended. */
const isListening = Promise.withResolvers<boolean>();
const stopped = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => stopped.resolve());
}

await compileIfStale();
say(`A head, three data nodes and two clients on TCP/${port}. Files:`);
say(`  ${directory}`);
start(head);
if (!await isListening.promise) {
  await Deno.remove(directory, { recursive: true });
  say("The demo ends: there is no head. Another port is `--port PORT`");
  Deno.exit(1);
}
nodes.forEach(start);
clients.forEach(start);
tellWhatToTry();
if (seconds !== undefined) setTimeout(stopped.resolve, seconds * 1000);
await stopped.promise;

say("Stopping: clients first, then the head, then the data nodes");
for (const parts of [clients, [head], nodes]) {
  await Promise.all(parts.map(stop));
}
await tellWhatIsStored();

function start(part: Part): void {
  // Not in the terminal's group: Ctrl-C comes to this process alone, which
  // then ends the others in order.
  const child = new Deno.Command("./sd-node", {
    args: [...part.args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  part.child = child;
  const shown = Promise.all([
    show(part, child.stdout),
    show(part, child.stderr),
  ]);
  child.status.then(async ({ code, signal }) => {
    await shown;
    part.child = undefined;
    if (signal !== null) print(part, `ended by ${signal}`);
    else if (code !== 0) print(part, `ended with exit code ${code}`);
    if (part !== head) return;
    isListening.resolve(false);
    stopped.resolve();
  });
}

async function stop(part: Part): Promise<void> {
  const { child } = part;
  if (child === undefined) return;
  child.kill("SIGTERM");
  await child.status;
}

async function show(
  part: Part,
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) print(part, line);
  }
  if (rest !== "") print(part, rest);
}

/** A line of a process, without the role that its name tells already. */
function print(part: Part, line: string): void {
  if (part === head && line.includes("Listening on")) isListening.resolve(true);
  const name = part.name.padEnd(8);
  const text = line.replace(/^([\d:]+),\d+ \w+ +/, "$1 ");
  console.log(
    isColored ? `\x1b[${part.color}m${name}\x1b[0m ${text}` : `${name} ${text}`,
  );
}

function say(text: string): void {
  console.log(isColored ? `\x1b[1m${text}\x1b[0m` : text);
}

function tellWhatToTry(): void {
  const node = nodes[1]!;
  say("Try, in another terminal:");
  say(`  tail -f ${directory}/data-1/data.txt`);
  say(`  printf 'peticion\\ncliente\\nhola\\n' | nc -N 127.0.0.1 ${port}`);
  say(
    `  kill -9 ${node.child?.pid}   # ${node.name} dies; then bring it back:`,
  );
  say(`  ./sd-node ${node.args.join(" ")}`);
  say("Ctrl-C ends it.");
}

async function tellWhatIsStored(): Promise<void> {
  for (const { name } of nodes) {
    const path = `${directory}/${name}/data.txt`;
    const text = await Deno.readTextFile(path).catch(() => "");
    const count = text.split("\n").length - 1;
    say(`${name}: ${counted(count, "message")} in ${path}`);
  }
}

function readArgs(args: readonly string[]) {
  const known = new Map<string, number>();
  // Both `--port 5001` and `--port=5001`.
  const words = args.flatMap((arg) => arg.split("=", 2));
  for (let i = 0; i < words.length; i += 2) {
    const [name, text = "nothing"] = words.slice(i, i + 2);
    const max = name === "--port" ? 65_535 : name === "--seconds" ? 86_400 : 0;
    const value = Number(text);
    if (!(Number.isInteger(value) && value > 0 && value <= max)) {
      console.error(
        max === 0
          ? `demo: ${args.join(" ")}: expected [--port PORT] [--seconds N]`
          : `demo: ${name} ${text}: expected a whole number from 1 to ${max}`,
      );
      Deno.exit(2);
    }
    known.set(name!, value);
  }
  return { port: known.get("--port") ?? 5000, seconds: known.get("--seconds") };
}
