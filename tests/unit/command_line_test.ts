import assert from "node:assert/strict";
import fc from "fast-check";
import type { Command } from "../../lib/cli/command.ts";
import { flagsOf } from "../../lib/cli/flags.ts";
import {
  aboutVariables,
  type Environment,
  environmentVariables,
  parseCommandLine,
  voiceOf,
} from "../../lib/cli/command_line.ts";
import {
  readAddresses,
  readDuration,
  readMoment,
  readSize,
  readWhole,
  writeDuration,
  writeSize,
} from "../../lib/cli/values.ts";

const parse = (line: string, environment: Environment = {}) =>
  parseCommandLine(line === "" ? [] : line.split(" "), environment, "1.2.3");

function commandOf(line: string, environment: Environment = {}): Command {
  const result = parse(line, environment);
  assert.equal(result.kind, "run", JSON.stringify(result));
  return (result as { command: Command }).command;
}

/** The complaint about a wrong command line. */
function wrong(line: string, environment: Environment = {}): string {
  const result = parse(line, environment);
  assert.equal(result.kind, "wrong", JSON.stringify(result));
  const { text } = result as { text: string };
  assert.doesNotMatch(text, /\n/, "more than one line");
  return text;
}

Deno.test("each role has its defaults", () => {
  const log = {
    check: false,
    logDir: undefined,
    logFormat: "text",
    logLevel: "info",
  };
  assert.deepEqual({ ...commandOf("--role server") }, {
    role: "server",
    host: "0.0.0.0",
    port: 5000,
    maxClients: 100,
    totalClients: undefined,
    ...log,
  });
  assert.deepEqual({ ...commandOf("--role head") }, {
    role: "head",
    host: "0.0.0.0",
    port: 5000,
    heartbeatInterval: 5000,
    heartbeatTimeout: 2000,
    repairAfter: 300_000,
    repairRate: 2 * 1024 * 1024,
    replicas: 1,
    minReplicas: undefined,
    placement: "random",
    maxConnections: 16384,
    maxHeld: 64 * 1024 * 1024,
    ...log,
  });
  assert.deepEqual({ ...commandOf("--role data --head h") }, {
    role: "data",
    head: ["h:5000"],
    dir: "./data",
    scrubInterval: 604_800_000,
    sync: "always",
    ...log,
  });
  assert.deepEqual({ ...commandOf("--role client --to a:1,b") }, {
    role: "client",
    to: ["a:1", "b:5000"],
    interval: 3000,
    count: undefined,
    message: undefined,
    stdin: false,
    peer: "auto",
    name: undefined,
    read: false,
    follow: false,
    forget: undefined,
    format: "text",
    since: undefined,
    until: undefined,
    client: undefined,
    where: undefined,
    ...log,
  });
});

Deno.test("flags take a value behind a space or an equals sign", () => {
  for (const line of ["--role=head --port=7", "--role head --port 7"]) {
    assert.equal((commandOf(line) as { port: number }).port, 7);
  }
});

Deno.test("every flag also comes from the environment, and loses to the line", () => {
  const environment = {
    SD_ROLE: "client",
    SD_TO: "10.0.0.1:6000",
    SD_INTERVAL: "250ms",
    SD_STDIN: "true",
    SD_LOG_FORMAT: "json",
  };
  const command = commandOf("", environment) as Command & { role: "client" };
  assert.deepEqual(command.to, ["10.0.0.1:6000"]);
  assert.equal(command.interval, 250);
  assert.equal(command.stdin, true);
  assert.equal(command.logFormat, "json");
  const over = commandOf("--to x --interval=1s", environment);
  assert.deepEqual((over as { to: unknown }).to, ["x:5000"]);
  assert.equal((over as { interval: number }).interval, 1000);
  for (const off of ["", "0", "false"]) {
    const command = commandOf("", { ...environment, SD_STDIN: off });
    assert.equal((command as { stdin: boolean }).stdin, false);
  }
  assert.ok(environmentVariables().includes("SD_LOG_DIR"));
});

Deno.test("a variable of another role is left alone, a flag of one is not", () => {
  assert.equal(commandOf("--role server", { SD_HEAD: "h" }).role, "server");
  assert.equal(
    wrong("--role server --replicas 2"),
    "--replicas is a flag of --role head, not of --role server",
  );
  assert.equal(
    wrong("--role data --head h --port=1"),
    "--port is a flag of --role server and --role head, " +
      "not of --role data",
  );
});

Deno.test("a wrong line is told in one line: flag, value, what is accepted", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /--role is missing: expected one of server, head, data, client/],
    ["--role cook", /--role: expected one of .*, got 'cook'/],
    ["--role head --port x", /--port: expected a whole number.*got 'x'/],
    ["--role head --port 65536", /from 0 to 65535, got '65536'/],
    ["--role head --port", /--port requires PORT/],
    ["--role head --prot 1", /--prot.*Did you mean.*--port/],
    ["--role head --heartbeat-interval 5", /such as 200ms.*got '5'/],
    ["--role head --placement best", /one of random, .*got 'best'/],
    ["--role head --max-held 5MB", /a size such as 512KiB.*got '5MB'/],
    ["--role head --min-replicas 2", /at most --replicas \(1\), got 2/],
    ["--role data", /--head/],
    ["--role data --head h:99999", /HOST:PORT.*got 'h:99999'/],
    ["--role client --to a --message x --stdin", /expected one of them/],
    [
      "--role client --to a --name a/b",
      /--name: expected 1 to 48 of .*got 'a\/b'/,
    ],
    ["--role client --to a --read --message x", /--message and --read/],
    ["--role client --to a --follow", /--follow: expected with --read/],
    ["--role client --to a --read --since ayer", /--since: expected a time/],
    ["--role client --to a --count 0", /--count: expected .*got '0'/],
    ["--role client --to a extra", /extra/],
    ["completion powershell", /one of bash, zsh, fish, got 'powershell'/],
  ];
  for (const [line, expected] of cases) assert.match(wrong(line), expected);
});

Deno.test("a value that looks like a flag is a value", () => {
  for (const text of ["-h", "--help", "--version", "--port"]) {
    const command = commandOf(`--role client --to a --message ${text}`);
    assert.equal((command as { message: string }).message, text);
  }
});

Deno.test("a wrong variable is told by its own name", () => {
  assert.match(
    wrong("--role head", { SD_PORT: "x" }),
    /SD_PORT: expected a whole number from 0 to 65535, got 'x'/,
  );
});

Deno.test("times and sizes have a most, so that no timer and no sum overflows", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["--role head --heartbeat-interval 25d", /at most 24d, got '25d'/],
    ["--role head --heartbeat-timeout 30d", /at most 24d, got '30d'/],
    ["--role client --to a --interval 2147483648ms", /at most 24d, got/],
    ["--role head --repair-after 0s", /at least 100ms .*or never, got '0s'/],
    ["--role head --repair-after 3651d", /at most 3650d, or never, got/],
    ["--role data --head h --scrub-interval 0s", /at least 100ms/],
    ["--role data --head h --scrub-interval 99999999999999d", /at most 3650d/],
    ["--role head --max-held 99999999GiB", /at most 1024GiB, got/],
    [`--role head --repair-rate ${"9".repeat(400)}B`, /at most 1024GiB, got/],
  ];
  for (const [line, expected] of cases) assert.match(wrong(line), expected);
  const head = commandOf(
    "--role head --heartbeat-interval 24d --repair-after 3650d --max-held 1024GiB",
  ) as Command & { role: "head" };
  assert.ok(head.heartbeatInterval < 2 ** 31);
  assert.ok(!Number.isNaN(new Date(Date.now() + head.repairAfter).getTime()));
  assert.ok(Number.isSafeInteger(head.maxHeld));
  const data = commandOf("--role data --head h --scrub-interval never");
  assert.equal((data as { scrubInterval: number }).scrubInterval, Infinity);
});

Deno.test("a flag that would do nothing is wrong: for sending, reading, where", () => {
  const client = (flags: string) => wrong(`--role client --to a ${flags}`);
  for (
    const flag of ["--since 1h", "--until 1h", "--format json", "--client c"]
  ) {
    const name = flag.split(" ")[0];
    assert.equal(client(flag), `${name}: expected with --read`);
    assert.equal(
      client(`--message x ${flag}`),
      `${name}: expected with --read`,
    );
    assert.equal(
      client(`--where c-1 ${flag}`),
      `${name}: expected with --read, not with --where`,
    );
    assert.ok(commandOf(`--role client --to a --read ${flag}`));
  }
  for (
    const flag of ["--interval 1s", "--count=3", "--peer head", "--name n"]
  ) {
    const name = flag.split(/[ =]/)[0];
    assert.equal(client(`--read ${flag}`), `${name}: not with --read`);
    assert.equal(client(`${flag} --where c-1`), `${name}: not with --where`);
  }
  assert.equal(
    client("--where c-1 --follow"),
    "--follow: expected with --read, not with --where",
  );
  assert.equal(
    client("--stdin --read"),
    "--stdin and --read: expected one of them",
  );
});

Deno.test("variables of another purpose are left alone; tasks of the line win", () => {
  const environment = {
    SD_INTERVAL: "no time",
    SD_COUNT: "7",
    SD_FORMAT: "json",
    SD_MESSAGE: "hola",
  };
  const client = (flags: string, more: Environment = {}) =>
    commandOf(`--role client --to a ${flags}`, { ...environment, ...more }) as
      & Command
      & { role: "client" };
  const read = client("--read");
  assert.equal(read.format, "json");
  assert.equal(read.count, undefined);
  assert.equal(read.message, undefined);
  const sent = client("--message adios", { SD_INTERVAL: "1s", SD_STDIN: "1" });
  assert.equal(sent.message, "adios");
  assert.equal(sent.stdin, false);
  assert.equal(sent.count, 7);
  assert.equal(sent.format, "text");
  assert.equal(client("--where c-1").message, undefined);
  // Without a task on the line, those of the environment are all there is.
  assert.equal(
    wrong("--role client --to a", { ...environment, SD_READ: "1" }),
    "SD_MESSAGE and SD_READ: expected one of them",
  );
  assert.equal(
    wrong("--role client --to a --count 1", { SD_READ: "1" }),
    "--count: not with SD_READ",
  );
});

Deno.test("moments: days that there are, in order", () => {
  const day = Date.UTC(2026, 10, 23);
  assert.equal(readMoment("2026-11-23"), day);
  assert.equal(readMoment("2026-11-23T00:00:00.5Z"), day + 500);
  assert.equal(readMoment("2026-11-23 01:00+01:00"), day);
  assert.equal(readMoment("2028-02-29"), Date.UTC(2028, 1, 29));
  assert.equal(readMoment("1d", day), day - 86_400_000);
  for (
    const text of [
      "2026-02-30",
      "2026-02-30T12:00:00Z",
      "2026-02-29",
      "2026-04-31",
      "2026-13-01",
      "2026-00-10",
      "2026-01-00",
      "2026-01-32",
      "2026-11-23T25:00:00Z",
      "2026-11-23T12:60:00Z",
      "2026-11-23T12",
      "2026-11-23 ayer",
      "2026-11-23x",
      "999999d",
      "99999999999999999999d",
    ]
  ) assert.equal(readMoment(text), undefined, text);

  const reading = "--role client --to a --read";
  assert.match(
    wrong(`${reading} --since 2026-11-23 --until 2026-11-22`),
    /^--until: expected a time after --since \(2026-11-23T00:00:00\.000Z\), got/,
  );
  assert.match(wrong(`${reading} --since 10m --until 10m`), /after --since/);
  assert.ok(commandOf(`${reading} --since 2026-11-22 --until 2026-11-23`));
});

Deno.test("a variable that is nearly one of the role's is told, with its name", () => {
  const told = (role: "head" | "server" | "data", ...set: string[]) =>
    aboutVariables(role, (name) => set.includes(name));
  for (
    const [name, meant] of [
      ["SD_REPLICA", "SD_REPLICAS"],
      ["SD_REPLICASS", "SD_REPLICAS"],
      ["SD_RELPICAS", "SD_REPLICAS"],
      ["SD_MAX_HHELD", "SD_MAX_HELD"],
      ["SD_HEART_BEAT_TIMEOUT", "SD_HEARTBEAT_TIMEOUT"],
      ["SD_PLACEMENTS", "SD_PLACEMENT"],
      ["SD_LOGDIR", "SD_LOG_DIR"],
      ["SD_DIR_LOG", "SD_LOG_DIR"],
      ["SD_LOG-DIR", "SD_LOG_DIR"],
      ["SD_HELD", "SD_MAX_HELD"],
    ] as const
  ) {
    assert.deepEqual(told("head", name), [
      `${name} is ignored: there is no such variable; did you mean ${meant}?`,
    ]);
  }
  // Another role's, and those of tests and containers, are no mistakes.
  assert.deepEqual(told("data", "SD_REPLICAS", "SD_READ", "SD_REPLICA"), []);
  assert.deepEqual(
    told(
      "head",
      "SD_CACHE_DIR",
      "SD_SEED",
      "SD_TARGET",
      "SD_MUTATION",
      "SD_HELM",
      "SD_SERVICE_HOST",
      "SD_SERVICE_PORT",
      "SD_PORT_5000_TCP",
      "SD_PORT_5000_TCP_ADDR",
    ),
    [],
  );
});

Deno.test("Kubernetes' links to a Service called sd are no ports", () => {
  const link = { SD_PORT: "tcp://10.0.0.1:5000" };
  const head = parse("--role head", link);
  assert.equal(head.kind, "run");
  const { command, warnings } = head as Extract<typeof head, { kind: "run" }>;
  assert.equal((command as { port: number }).port, 5000);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^SD_PORT is ignored: .* Service called sd;/);
  // Nothing to say to those who have no such flag, or were told otherwise.
  for (const line of ["--role data --head h", "--role head --port 7"]) {
    assert.deepEqual(
      (parse(line, link) as typeof head & { kind: "run" }).warnings,
      [],
    );
  }
  assert.match(
    wrong("--role head", { SD_PORT: "10.0.0.1:5000" }),
    /SD_PORT: expected a whole number/,
  );
});

Deno.test("how to complain is known before the line is understood", () => {
  assert.deepEqual(voiceOf(["--role", "head", "--log-format=json"], {}), {
    format: "json",
    role: "head",
  });
  assert.deepEqual(
    voiceOf(["--role=cook", "--message", "--log-format"], {
      SD_LOG_FORMAT: "json",
    }),
    { format: "json", role: undefined },
  );
  assert.deepEqual(
    voiceOf(["--log-format", "text"], { SD_LOG_FORMAT: "json" }),
    {
      format: "text",
      role: undefined,
    },
  );
});

Deno.test("help explains every flag of the role, within 80 columns", () => {
  for (const role of ["server", "head", "data", "client"] as const) {
    const result = parse(`--role ${role} --help`);
    assert.equal(result.kind, "print");
    const { text } = result as { text: string };
    for (const flag of flagsOf(role)) {
      assert.match(text, new RegExp(`^ +${flag} .*\\S`, "m"));
    }
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  }
  const { text } = parse("--help") as { text: string };
  for (const role of ["server", "head", "data", "client"]) {
    assert.match(text, new RegExp(`^  ${role} `, "m"));
  }
  assert.deepEqual(parse("--version"), {
    kind: "print",
    text: "sd-node 1.2.3",
  });
});

Deno.test("completions know roles, flags of the role, and their start", () => {
  const complete = (words: string) => {
    const [head, ...rest] = words.split("|");
    const args = [...head!.split(" "), ...rest];
    return (parseCommandLine(args, {}, "") as { text: string }).text;
  };
  assert.match(complete("completion bash"), /complete -F/);
  assert.equal(complete("completion bash --role|he"), "head");
  assert.match(complete("completion bash --role head|--re"), /^--replicas/);
  assert.doesNotMatch(complete("completion fish --role data|--"), /--replicas/);
  assert.match(complete("completion zsh|--r"), /--role/);
});

Deno.test("durations and sizes are read as they are written", () => {
  fc.assert(fc.property(fc.nat(1e9), (value) => {
    assert.equal(readDuration(writeDuration(value)), value);
    assert.equal(readSize(writeSize(value)), value);
  }));
  assert.equal(readDuration("1.5m"), 90_000);
  assert.equal(readSize("2GiB"), 2 * 1024 ** 3);
  for (const text of ["5", "s", "-1s", "1 s", "1w", ""]) {
    assert.equal(readDuration(text), undefined, text);
  }
  for (const text of ["5", "5MB", "1.5KiB", "KiB"]) {
    assert.equal(readSize(text), undefined, text);
  }
});

Deno.test("readWhole takes whole numbers within bounds alone", () => {
  assert.equal(readWhole("7", 1, 10), 7);
  for (const text of ["0", "11", "1.5", "1e1", "0x5", " 5", "", "-1"]) {
    assert.equal(readWhole(text, 1, 10), undefined, text);
  }
});

Deno.test("readAddresses takes names, IPv4 and IPv6, with and without port", () => {
  assert.deepEqual(readAddresses("head"), ["head:5000"]);
  assert.deepEqual(readAddresses("a:1, 10.0.0.1,[::1]:7,[fe80::1]"), [
    "a:1",
    "10.0.0.1:5000",
    "[::1]:7",
    "[fe80::1]:5000",
  ]);
  for (const text of ["", ",", "a:", "a:0", "a:b", "::1", "a b", "[::1"]) {
    assert.equal(readAddresses(text), undefined, text);
  }
});
