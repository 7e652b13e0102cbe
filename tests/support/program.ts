/**
 * Real processes for system tests: started, watched line by line, and ended
 * with the test.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permissions } from "../../.tasks/permissions.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How the program is started: from the executable, or from its sources. */
export interface Target {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const executable: Target = {
  name: "executable",
  command: `${root}sd-node`,
  args: [],
};
const source: Target = {
  name: "source",
  command: Deno.execPath(),
  args: ["run", "--quiet", ...permissions, `${root}mod.ts`],
};

/** Both, or the one that the variable SD_TARGET names. */
export const targets: readonly Target[] = [executable, source].filter(
  ({ name }) => (Deno.env.get("SD_TARGET") ?? name) === name,
);

/** How long anything may take before a test is lost, in ms. */
const PATIENCE_MS = 30_000;

/** Between two looks at a condition that nothing else tells of, in ms. */
const LOOK_AGAIN_MS = 10;

/** Waits until a condition holds that only looking can tell, as of a file. */
export function until(isTrue: () => boolean): Promise<void> {
  return untilAsync(() => Promise.resolve(isTrue()));
}

/** The same of what must be asked for. */
export async function untilAsync(
  isTrue: () => Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!await isTrue()) {
    if (performance.now() > endMs) assert.fail(`Waited in vain: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** What comes of `promise`, unless it takes too long. */
async function withPatience<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited for ${what} in vain`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A process that a test has started. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  /** Lines of both streams, in the order they came. */
  readonly lines: string[] = [];
  readonly errorLines: string[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #streams: Promise<unknown>;
  readonly #status: Promise<Deno.CommandStatus>;
  #isOver = false;

  constructor(name: string, command: Deno.Command) {
    this.#name = name;
    this.#child = command.spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#streams = Promise.all([
      this.#read(this.#child.stdout, this.lines),
      this.#read(this.#child.stderr, this.errorLines),
    ]);
    this.#status = this.#child.status.then((status) => {
      this.#isOver = true;
      this.#tell();
      return status;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for a line of its output that matches. @returns The match. */
  line(expected: RegExp): Promise<RegExpExecArray> {
    return this.#lineOf(this.lines, expected);
  }

  /** The same, of its standard error. */
  errorLine(expected: RegExp): Promise<RegExpExecArray> {
    return this.#lineOf(this.errorLines, expected);
  }

  async #lineOf(
    lines: readonly string[],
    expected: RegExp,
  ): Promise<RegExpExecArray> {
    const find = () => {
      for (const line of lines) {
        const match = expected.exec(line);
        if (match !== null) return match;
      }
      return undefined;
    };
    await this.#until(() => find() !== undefined, `a line like ${expected}`);
    return find()!;
  }

  /** Waits until so many lines match. */
  async lineCount(expected: RegExp, count: number): Promise<void> {
    await this.#until(
      () => this.lines.filter((line) => expected.test(line)).length >= count,
      `${count} lines like ${expected}`,
    );
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Types bytes. */
  async typeBytes(bytes: Uint8Array): Promise<void> {
    await this.#input.write(bytes);
  }

  /** Ends the input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end, so long at most. @returns Its exit code. */
  async exit(patienceMs: number = PATIENCE_MS): Promise<number> {
    await this.#until(() => this.#isOver, "its end", patienceMs);
    await this.#streams;
    return (await this.#status).code;
  }

  /** Ends it with SIGTERM. @returns Its exit code. */
  stop(): Promise<number> {
    if (!this.#isOver) this.#child.kill("SIGTERM");
    return this.exit();
  }

  /** Kills it with SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.abort().catch(() => {});
    await this.kill();
  }

  async #until(
    isTrue: () => boolean,
    what: string,
    patienceMs: number = PATIENCE_MS,
  ): Promise<void> {
    if (isTrue()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = () => {
      if (isTrue()) resolve();
    };
    this.#watchers.add(watcher);
    const timer = setTimeout(resolve, patienceMs);
    await promise;
    clearTimeout(timer);
    this.#watchers.delete(watcher);
    if (isTrue()) return;
    const said = [...this.lines, ...this.errorLines].join("\n");
    assert.fail(`${this.#name}: waited for ${what} in vain; it said:\n${said}`);
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    lines: string[],
  ): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
      this.#tell();
    }
    if (rest !== "") lines.push(rest);
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** How a process is started, beside its arguments. */
export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** Starts any program of the machine. */
export function start(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Program {
  return new Program(
    `${command} ${args.join(" ")}`,
    new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }),
  );
}

/** Starts sd-node; `line` is its command line. */
export function startNode(
  target: Target,
  line: string | readonly string[],
  options: StartOptions = {},
): Program {
  const args = typeof line === "string" ? line.split(" ") : line;
  return start(target.command, [...target.args, ...args], options);
}

/** Runs sd-node to its end. */
export async function runNode(
  target: Target,
  line: string | readonly string[],
  options: StartOptions = {},
): Promise<{ code: number; out: string; errors: string }> {
  await using node = startNode(target, line, options);
  await node.endInput();
  const code = await node.exit();
  return {
    code,
    out: node.lines.join("\n"),
    errors: node.errorLines.join("\n"),
  };
}

/** Starts a Python program of tests/system/originals. */
export function startOriginal(
  name: string,
  ...args: readonly (string | number)[]
): Program {
  const path = `${root}tests/system/originals/${name}.py`;
  return start("python3", ["-u", path, ...args.map(String)]);
}

/** A directory that is gone when the test is. */
export class Directory implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "sd-node-test-" });

  /** The path of something in it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /** The lines of a file in it; none when there is no such file. */
  lines(name: string): string[] {
    try {
      return Deno.readTextFileSync(this.at(name)).split("\n").slice(0, -1);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Lines of a client's file that are answers; it begins as in 2019. */
export function answersIn(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.endsWith(" - confirmacion"));
}

/** The port that a server or head says it listens on. */
export async function portOf(node: Program): Promise<number> {
  return Number((await node.line(/Listening on \S+:(\d+)/))[1]);
}

/** A connection of the test itself, read by lines or as it comes. */
export class Peer implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(64 * 1024);
  #text = "";

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<Peer> {
    return new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and shakes hands in lines, with a role if one is given. */
  static async join(port: number, role?: string): Promise<Peer> {
    const peer = await Peer.connect(port);
    await peer.say("peticion\n");
    assert.equal(await peer.line(), "confirmacion");
    if (role !== undefined) await peer.say(`${role}\n`);
    return peer;
  }

  async say(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  /** The next line, or undefined when the connection is closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (!await this.#more()) return undefined;
    }
  }

  /** What the next read brings, or undefined when the connection is closed. */
  async chunk(): Promise<string | undefined> {
    if (this.#text === "" && !await this.#more()) return undefined;
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** Says that no more will come. */
  end(): Promise<void> {
    return this.#conn.closeWrite();
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
  }

  async #more(): Promise<boolean> {
    try {
      const count = await withPatience(
        this.#conn.read(this.#buffer),
        "bytes of a connection",
      );
      if (count === null) return false;
      this.#text += new TextDecoder().decode(this.#buffer.subarray(0, count));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return false;
      throw error;
    }
  }
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
