/**
 * The file in which a head, or a data node, remembers the data nodes that there
 * are (wire/known_nodes.ts). It is state and no log: written as a whole, in
 * place of the one before, and read strictly, because what a reader is told to
 * be whole rests on it.
 *
 *     sd-node nodes 1 of h1h2h3h4
 *     tda7x2yz 10.0.0.7 known version=3 copies=2 end=104857600
 *     k3v9x2ab 10.0.0.8 forgotten version=5 copies=1 end=7000 lacking
 *     2 in all
 *
 * A line that is not understood is an error with its number, and so is a file
 * without its last line: a part of it would be taken for all of it.
 *
 * @module
 */

import { isNodeId } from "../base/names.ts";
import { type KnownNode, KnownState } from "../wire/known_nodes.ts";

/** What such a file holds. */
export interface NodesFile {
  /** Whose memory it is: eight characters, the same for as long as it lives. */
  readonly owner: string;
  readonly nodes: readonly KnownNode[];
}

/** Why a file cannot be understood. */
export class NodesFileError extends Error {
  override readonly name = "NodesFileError";
}

const stateNames = Object.entries(KnownState) as readonly (readonly [
  keyof typeof KnownState,
  KnownState,
])[];

const FIRST = /^sd-node nodes 1 of ([0-9a-z]{8})$/;
const NODE =
  /^([0-9a-z]{8}) (\S+) (\w+) version=(\d{1,10}) copies=(\d{1,3}) end=(\d{1,16})( lacking)?$/;
const LAST = /^(\d+) in all$/;

/** The text of a file. */
export function formatNodes({ owner, nodes }: NodesFile): string {
  const lines = nodes.map((node) => {
    const [name] = stateNames.find(([, state]) => state === node.state)!;
    return `${node.id} ${node.address} ${name} version=${node.version} ` +
      `copies=${node.copies} end=${node.end}` +
      (node.isLacking ? " lacking" : "");
  });
  return [`sd-node nodes 1 of ${owner}`, ...lines, `${nodes.length} in all`, ""]
    .join("\n");
}

/**
 * What a file says.
 *
 * @throws {NodesFileError} A line is not understood: which, and what it says.
 */
export function parseNodes(text: string): NodesFile {
  const lines = text.split("\n");
  const owner = FIRST.exec(lines[0]!)?.[1];
  if (owner === undefined) {
    throw wrongLine(1, lines[0]!, "'sd-node nodes 1 of ID'");
  }
  const nodes: KnownNode[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const last = LAST.exec(line);
    if (last === null) {
      nodes.push(parseNode(line, i + 1));
      continue;
    }
    if (Number(last[1]) !== nodes.length) {
      throw wrongLine(i + 1, line, `'${nodes.length} in all'`);
    }
    if (lines.length !== i + 2 || lines[i + 1] !== "") {
      throw wrongLine(i + 2, lines[i + 1] ?? "", "the end of the file");
    }
    return { owner, nodes };
  }
  throw wrongLine(lines.length, lines.at(-1)!, "'N in all'");
}

function parseNode(line: string, number: number): KnownNode {
  const [, id, address, name, version, copies, end, lacking] =
    NODE.exec(line) ?? [];
  const state = stateNames.find(([known]) => known === name)?.[1];
  if (
    id === undefined || address === undefined || state === undefined ||
    !isNodeId(id) || Number(copies) > 255 ||
    Number(version) > 0xffff_ffff || !Number.isSafeInteger(Number(end))
  ) {
    throw wrongLine(
      number,
      line,
      "'ID ADDRESS STATE version=N copies=N end=N [lacking]'",
    );
  }
  return {
    id,
    address,
    state,
    version: Number(version),
    copies: Number(copies),
    isLacking: lacking !== undefined,
    end: Number(end),
  };
}

/**
 * What `nodes.txt` says, in which heads before version 0.2 remembered: lines
 * `<time> - ID ADDRESS [repaired]`, the last of one id counts. How many copies
 * were made of what they have is not known, so one is assumed.
 *
 * @throws {NodesFileError} A line is not understood.
 */
export function parseOldNodes(text: string): readonly KnownNode[] {
  const nodes = new Map<string, KnownNode>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" && i === text.split("\n").length - 1) continue;
    const [, id, address, word] =
      /^\S+ \S+ - ([0-9a-z]{8}) (\S+)(?: (repaired))?$/.exec(line) ?? [];
    if (id === undefined || address === undefined) {
      throw wrongLine(i + 1, line, "'TIME - ID ADDRESS'");
    }
    nodes.set(id, {
      id,
      address,
      state: word === undefined ? KnownState.known : KnownState.repaired,
      version: 1,
      copies: 1,
      isLacking: false,
      end: 0,
    });
  }
  return [...nodes.values()];
}

function wrongLine(
  number: number,
  line: string,
  expected: string,
): NodesFileError {
  const shown = JSON.stringify(line.slice(0, 80));
  return new NodesFileError(
    `line ${number} is not understood: expected ${expected}, found ${shown}`,
  );
}
