/**
 * The verdict on a pass of repair: what is known of data nodes once everything
 * that can be read was read, and every record that was met has enough copies.
 *
 * Each message on a data node was on `copies` disks when it was acknowledged.
 * So if fewer disks than that are away, or lack records, then one of them is
 * here and was read: nothing is only where they are. Whatever flags a head has
 * today, or had yesterday, does not enter into it.
 *
 * @module
 */

import {
  isForgotten,
  isMissable,
  type KnownNode,
  KnownState,
} from "../../wire/known_nodes.ts";

/** What a pass has found. */
export interface Findings {
  /** The data nodes that it has read, and that have been here ever since. */
  readonly members: readonly { readonly id: string }[];
  /**
   * Those that have been away since it began, and have stored nothing: copies
   * of what they had were made.
   */
  readonly away: readonly string[];
  /** So many copies each record that it met has now. */
  readonly replicas: number;
  /** Those with bytes that are no record. */
  readonly damaged: ReadonlySet<string>;
  /** Whether no message was acknowledged with fewer copies since it began. */
  readonly isCurrent: boolean;
}

/** What follows from it. */
export interface PassVerdict {
  /** Whether nothing is missing. */
  readonly isWhole: boolean;
  /** What is known now that was not before. */
  readonly changed: readonly KnownNode[];
  /** Those whose damages are made good. */
  readonly healed: readonly string[];
}

/**
 * Judges a pass.
 *
 * @param nodes All that are known.
 * @param here Those that are members, and how many bytes each has synced.
 */
export function verdictOfPass(
  nodes: Iterable<KnownNode>,
  here: ReadonlyMap<string, { readonly end: number }>,
  { members, away: awayBefore, replicas, damaged, isCurrent }: Findings,
): PassVerdict {
  const known = [...nodes];
  const read = new Set(members.map(({ id }) => id));
  const away = known.filter((node) => isMissable(node) && !here.has(node.id));
  const lacking = known.filter((node) =>
    isMissable(node) && read.has(node.id) &&
    (node.isLacking || damaged.has(node.id))
  );
  // Whoever came meanwhile was not read, and proves nothing.
  const unread = known.filter((node) =>
    isMissable(node) && here.has(node.id) && !read.has(node.id)
  );
  // Others may still rely on what these had.
  const forgotten = known.filter((node) => isForgotten(node) && node.isLacking);
  const absent = [...away, ...lacking, ...unread];
  const disks = absent.length + forgotten.length;
  const isWhole = absent.every(({ copies }) => copies > disks);

  const changed = new Map<string, KnownNode>();
  const change = (node: KnownNode, changes: Partial<KnownNode>) =>
    changed.set(node.id, {
      ...changed.get(node.id) ?? node,
      ...changes,
      version: node.version + 1,
    });
  if (isWhole) {
    for (const node of away) {
      // Of one that has left since, copies are still to be made.
      if (!awayBefore.includes(node.id)) continue;
      change(node, { state: KnownState.repaired });
    }
    for (const node of lacking) {
      change(node, { isLacking: false, end: here.get(node.id)!.end });
    }
  } else {
    for (const node of lacking) {
      if (!node.isLacking) change(node, { isLacking: true });
    }
  }
  if (isCurrent) {
    for (const node of known) {
      if (!read.has(node.id) || !isMissable(node)) continue;
      // Of records that it has lost, nobody has made copies.
      if (!isWhole && lacking.includes(node)) continue;
      if (node.copies !== replicas) change(node, { copies: replicas });
    }
    for (const node of forgotten) change(node, { isLacking: false });
  }
  return {
    isWhole,
    changed: [...changed.values()],
    healed: isWhole ? lacking.map(({ id }) => id) : [],
  };
}
