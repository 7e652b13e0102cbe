/**
 * The flags of each role: what they are, what they accept, how they are
 * explained and completed.
 *
 * This is the only module that knows the argument parsing library; what is
 * made of the flags is in cli/command_line.ts.
 *
 * @module
 */

import {
  bash,
  extractOptionNames,
  fish,
  flag,
  formatMessage,
  getDocPageSync,
  message,
  object,
  option,
  optional,
  type Parser,
  parseSync,
  type ShellCompletion,
  type Suggestion,
  suggestSync,
  type ValueParser,
  withDefault,
  zsh,
} from "npm:@optique/core@1.3.6";
import type { Command, RoleName } from "./command.ts";
import {
  addressesKind,
  clientIdKind,
  clientNameKind,
  durationKind,
  momentKind,
  nodeIdKind,
  oneOfKind,
  patienceKind,
  sizeKind,
  textKind,
  type ValueKind,
  type ValueName,
  wholeKind,
} from "./values.ts";
import { hangingParagraph } from "./paragraph.ts";
import { placements } from "../head/delivery/placement.ts";
import {
  DEFAULT_PORT,
  HEARTBEAT_INTERVAL_MS_DEFAULT,
  REPLICAS_MAX,
} from "../base/limits.ts";
import {
  CLIENT_INTERVAL_MS_DEFAULT,
  HEAD_CONNECTIONS_MAX_DEFAULT,
  HEAD_HELD_BYTES_MAX_DEFAULT,
  HEARTBEAT_TIMEOUT_MS_DEFAULT,
  REPAIR_AFTER_MS_DEFAULT,
  REPAIR_BYTES_PER_SECOND_DEFAULT,
  SCRUB_INTERVAL_MS_DEFAULT,
  SERVER_CLIENTS_MAX_DEFAULT,
} from "./defaults.ts";
import { logFormats, logLevels } from "../system/log.ts";
import { readFormats } from "../library/format.ts";

/** A kind of value, as the library wants it. */
function value<T>(kind: ValueKind<T>): ValueParser<"sync", T> {
  return {
    mode: "sync",
    metavar: kind.metavar,
    placeholder: kind.placeholder,
    parse(input) {
      const value = kind.read(input);
      if (value !== undefined) return { success: true, value };
      const text = `expected ${kind.expected}, got '${input}'`;
      return { success: false, error: [{ type: "text", text }] };
    },
    format: kind.write,
  };
}

const whole = (min: number, max: number, metavar: ValueName = "N") =>
  value(wholeKind(min, max, metavar));
const duration = (minMs: number) => value(durationKind(minMs));
const size = (minBytes: number) => value(sizeKind(minBytes));
const addresses = () => value(addressesKind);
const oneOf = <T extends string>(names: readonly T[], metavar: ValueName) =>
  value(oneOfKind(names, metavar));
const text = (metavar: ValueName) => value(textKind(metavar));

const commonFlags = (directory: string) => ({
  check: withDefault(
    flag("--check", {
      description:
        message`Run nothing: exit with 0 if one with these flags is at work`,
    }),
    false,
  ),
  logDir: optional(option("--log-dir", text("DIR"), {
    description: message`Where the log files go [${directory}]`,
  })),
  logFormat: withDefault(
    option("--log-format", oneOf(logFormats, "FORMAT"), {
      description: message`What the console shows: text or json`,
    }),
    "text" as const,
  ),
  logLevel: withDefault(
    option("--log-level", oneOf(logLevels, "LEVEL"), {
      description: message`The least it shows: info, warning or error`,
    }),
    "info" as const,
  ),
});

const roleFlag = <R extends RoleName>(role: R) =>
  option("--role", oneOf([role], role), { description: message`This role` });

const listenFlags = {
  host: withDefault(
    option("--host", text("ADDRESS"), {
      description: message`Address to listen on; 0.0.0.0 means all`,
    }),
    "0.0.0.0",
  ),
  port: withDefault(
    option("--port", whole(0, 65_535, "PORT"), {
      description: message`Port to listen on; 0 lets the system choose`,
    }),
    DEFAULT_PORT,
  ),
};

/** The flags of each role. */
const parsers: Readonly<Record<RoleName, Parser<"sync", Command, unknown>>> = {
  server: object({
    role: roleFlag("server"),
    ...listenFlags,
    maxClients: withDefault(
      option("--max-clients", whole(1, 1_000_000), {
        description: message`Clients served at once`,
      }),
      SERVER_CLIENTS_MAX_DEFAULT,
    ),
    totalClients: optional(
      option("--total-clients", whole(1, 1_000_000_000), {
        description: message`End after so many clients in all`,
      }),
    ),
    ...commonFlags("."),
  }),
  head: object({
    role: roleFlag("head"),
    ...listenFlags,
    heartbeatInterval: withDefault(
      option("--heartbeat-interval", duration(10), {
        description:
          message`Time between two heartbeats, which ask every data node`,
      }),
      HEARTBEAT_INTERVAL_MS_DEFAULT,
    ),
    heartbeatTimeout: withDefault(
      option("--heartbeat-timeout", duration(10), {
        description: message`Time after which a ping counts as lost`,
      }),
      HEARTBEAT_TIMEOUT_MS_DEFAULT,
    ),
    replicas: withDefault(
      option("--replicas", whole(1, REPLICAS_MAX), {
        description:
          message`Data nodes that have a message on disk before its client hears of it`,
      }),
      1,
    ),
    minReplicas: optional(option("--min-replicas", whole(1, REPLICAS_MAX), {
      description:
        message`Fewer that suffice, and are told, while too few data nodes live`,
    })),
    repairAfter: withDefault(
      option("--repair-after", value(patienceKind), {
        description:
          message`Time away after which a data node's copies are made again; or never`,
      }),
      REPAIR_AFTER_MS_DEFAULT,
    ),
    repairRate: withDefault(
      option("--repair-rate", size(64 * 1024), {
        description: message`Read in a second while copies are made again`,
      }),
      REPAIR_BYTES_PER_SECOND_DEFAULT,
    ),
    placement: withDefault(
      option("--placement", oneOf(placements, "HOW"), {
        description:
          message`How a data node is chosen: random, round-robin or least-loaded`,
      }),
      "random" as const,
    ),
    maxConnections: withDefault(
      option("--max-connections", whole(1, 1_000_000), {
        description: message`Connections of all kinds at once`,
      }),
      HEAD_CONNECTIONS_MAX_DEFAULT,
    ),
    maxHeld: withDefault(
      option("--max-held", size(1024), {
        description:
          message`Messages held unanswered; past it clients are slowed down`,
      }),
      HEAD_HELD_BYTES_MAX_DEFAULT,
    ),
    ...commonFlags("."),
  }),
  data: object({
    role: roleFlag("data"),
    head: option("--head", addresses(), {
      description: message`The heads to join`,
    }),
    dir: withDefault(
      option("--dir", text("DIR"), {
        description:
          message`Where data.txt is; DIR/* takes the first that is free of DIR/1, DIR/2, ...`,
      }),
      "./data",
    ),
    sync: withDefault(
      option("--sync", oneOf(["always", "never"], "WHEN"), {
        description:
          message`always or never: whether messages are on disk before they are acknowledged`,
      }),
      "always" as const,
    ),
    scrubInterval: withDefault(
      option("--scrub-interval", value(patienceKind), {
        description:
          message`Time between two readings of all that is stored; or never`,
      }),
      SCRUB_INTERVAL_MS_DEFAULT,
    ),
    ...commonFlags("--dir"),
  }),
  client: object({
    role: roleFlag("client"),
    to: option("--to", addresses(), {
      description: message`A server, or the heads to choose from`,
    }),
    interval: withDefault(
      option("--interval", duration(0), {
        description: message`Time between two messages; 0ms waits for answers`,
      }),
      CLIENT_INTERVAL_MS_DEFAULT,
    ),
    count: optional(option("--count", whole(1, 1_000_000_000), {
      description:
        message`Messages to send, then end [1 with --message, else no end]`,
    })),
    message: optional(option("--message", text("TEXT"), {
      description: message`Send this text [numero random: N, N from 0 to 100]`,
    })),
    stdin: withDefault(
      flag("--stdin", {
        description: message`Send every line of standard input, then end`,
      }),
      false,
    ),
    peer: withDefault(
      option("--peer", oneOf(["auto", "head", "server"], "WHAT"), {
        description:
          message`What the peer must be: head, server, or auto for either`,
      }),
      "auto" as const,
    ),
    name: optional(option("--name", value(clientNameKind), {
      description:
        message`Begins the ids of its messages; a random part follows`,
    })),
    read: withDefault(
      flag("--read", {
        description:
          message`Print every stored message once, each client's in order`,
      }),
      false,
    ),
    follow: withDefault(
      flag("--follow", {
        description: message`With --read: go on with what comes later`,
      }),
      false,
    ),
    format: withDefault(
      option("--format", oneOf(readFormats, "FORMAT"), {
        description: message`With --read: text, json or csv`,
      }),
      "text" as const,
    ),
    since: optional(option("--since", value(momentKind), {
      description: message`With --read: messages received then or later`,
    })),
    until: optional(option("--until", value(momentKind), {
      description: message`With --read: messages received before`,
    })),
    client: optional(option("--client", value(clientIdKind), {
      description: message`With --read: messages of this client id or name`,
    })),
    where: optional(option("--where", text("ID"), {
      description: message`Tell which data nodes hold the message with this id`,
    })),
    forget: optional(option("--forget", value(nodeIdKind), {
      description:
        message`Have the heads miss this data node no more: it is gone for good`,
    })),
    ...commonFlags("."),
  }),
};

/** Names of the flags of a role, as `--log-dir`. */
export function flagsOf(role: RoleName): Iterable<string> {
  return extractOptionNames(parsers[role].usage);
}

/** The command that these arguments mean, or in words why they mean none. */
export function parseFlags(
  role: RoleName,
  args: readonly string[],
): Command | string {
  const result = parseSync<Command>(parsers[role], args);
  if (result.success) return result.value;
  return formatMessage(result.error, { quotes: false })
    .replaceAll(/\s*\n\s*/g, " ");
}

/** The flags of a role, explained, one paragraph each. */
export function explainFlags(role: RoleName): string {
  const page = getDocPageSync(parsers[role]);
  const entries = (page?.sections ?? []).flatMap((part) => part.entries);
  return entries.map((entry) => {
    if (entry.term.type !== "option") return "";
    const flag = [...entry.term.names, entry.term.metavar ?? ""].join(" ");
    const words = [
      formatMessage(entry.description ?? [], { quotes: false }),
      entry.default === undefined
        ? ""
        : `[${formatMessage(entry.default, { quotes: false })}]`,
    ].join(" ").trim().split(" ");
    return hangingParagraph(`  ${flag}`, words);
  }).join("\n");
}

const shells: Readonly<Record<string, ShellCompletion>> = { bash, zsh, fish };

/** The shells that can complete flags. */
export const shellNames: readonly string[] = Object.keys(shells);

/** The script that makes `shell` ask `program completion SHELL WORD…`. */
export function completionScript(shell: string, program: string): string {
  return shells[shell]!.generateScript(program, ["completion", shell]);
}

/** What can complete the last of `words`, the flags of a role so far. */
export function completionsOf(
  role: RoleName,
  words: readonly [string, ...string[]],
  shell: string,
): string {
  return encoded(shell, suggestSync(parsers[role], words));
}

/** Those of `names` that begin with `prefix`, as completions. */
export function completionsAmong(
  names: readonly string[],
  prefix: string,
  shell: string,
): string {
  const fitting = names.filter((name) => name.startsWith(prefix));
  return encoded(
    shell,
    fitting.map((text) => ({ kind: "literal" as const, text })),
  );
}

function encoded(shell: string, suggestions: readonly Suggestion[]): string {
  return [...shells[shell]!.encodeSuggestions(suggestions)].join("");
}
