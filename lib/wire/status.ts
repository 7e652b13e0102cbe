/**
 * The status of a head or a server, as lines of words: asked for with the line
 * `estado` instead of a handshake, by a person with `nc` or by `--check`.
 *
 *     estado role=head held=0
 *     dataNode id=tda7x2yz address=10.0.0.7 state=alive
 *
 * After the last line the connection is closed.
 *
 * @module
 */

import { bytesOf } from "./ascii.ts";
import { formatProperties, parseRest, type Properties } from "./greeting.ts";
import { DATA_ROLE, STATUS } from "./words.ts";

/** How a data node is, as its head sees it. */
export type NodeCondition =
  /** It gets messages. */
  | "alive"
  /** It is silent, and gets none until it speaks. */
  | "suspect"
  /** It leaves, and gets none. */
  | "draining"
  /** It has left, or is dead. */
  | "away"
  /** It is away, and all it had has been copied to others. */
  | "repaired";

/** A data node in a status. */
export interface NodeStatus {
  readonly id: string;
  readonly address: string;
  readonly state: string;
}

/** What a head or a server says of itself. */
export interface Status {
  /** `head` or `server`. */
  readonly role: string;
  readonly properties: Properties;
  /** The data nodes that a head has known; none of a server. */
  readonly nodes: readonly NodeStatus[];
}

/** The lines of a status. */
export function formatStatus({ role, properties, nodes }: Status): string {
  const lines = [`${STATUS}${formatProperties({ role, ...properties })}`];
  for (const { id, address, state } of nodes) {
    lines.push(`${DATA_ROLE}${formatProperties({ id, address, state })}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The status that these lines are, or undefined when they are none. */
export function parseStatus(text: string): Status | undefined {
  const [first = "", ...others] = text.split("\n");
  if (!text.endsWith("\n") || wordOf(first) !== STATUS) return undefined;
  const { role = "", ...properties } = propertiesOf(first);
  const nodes = others.filter((line) => wordOf(line) === DATA_ROLE)
    .map(propertiesOf)
    .map(({ id = "", address = "", state = "" }) => ({ id, address, state }));
  return { role, properties, nodes };
}

function wordOf(line: string): string {
  return line.split(" ", 1)[0]!;
}

function propertiesOf(line: string): Properties {
  const bytes = bytesOf(line);
  return parseRest(bytes, 0, bytes.length).properties;
}
