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

import { bytesOf } from "../base/ascii.ts";
import { formatProperties, parseRest, type Properties } from "./greeting.ts";
import { DATA_ROLE, STATUS } from "./words.ts";

/** The property that says what keeps somebody from its work. */
const UNWELL = "unwell";

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
  /** Why it cannot do its work, if so. */
  readonly unwell?: string;
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
  for (const { id, address, state, unwell } of nodes) {
    const said = { id, address, state, ...wellness(unwell) };
    lines.push(`${DATA_ROLE}${formatProperties(said)}`);
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
    .map(({ id = "", address = "", state = "", [UNWELL]: unwell }) => ({
      id,
      address,
      state,
      ...unwell === undefined ? {} : { unwell: worded(unwell) },
    }));
  return { role, properties, nodes };
}

/** The property that says why somebody cannot do its work, if so. */
export function wellness(reason: string | undefined): Properties {
  return reason === undefined
    ? {}
    : { [UNWELL]: reason.replaceAll(/[\s\p{Cc}]+/gu, "_") };
}

/** Why who tells its status cannot do its work; undefined when it can. */
export function unwellOf({ properties }: Status): string | undefined {
  const said = properties[UNWELL];
  return said === undefined ? undefined : worded(said);
}

function worded(said: string): string {
  return said.replaceAll("_", " ");
}

function wordOf(line: string): string {
  return line.split(" ", 1)[0]!;
}

function propertiesOf(line: string): Properties {
  const bytes = bytesOf(line);
  return parseRest(bytes, 0, bytes.length).properties;
}
