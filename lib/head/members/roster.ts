/**
 * The roster: every data node that was ever told to have stored a message, so
 * that a reader can be told which of them is away, and a pass of repair knows
 * what may be lost with one.
 *
 * What is claimed to be whole rests on it, so it is evidence and never a guess
 * from today's flags: for each data node it has the fewest disks that any
 * acknowledged message on it was on (`copies`), whether it has fewer bytes than
 * it once had, and what became of it. It is written down before the first
 * answer that rests on it leaves, and passed on to all data nodes
 * (wire/known_nodes.ts), which have it for a head that lost its own.
 *
 * @module
 */

import { SETTLED_MS } from "../../base/limits.ts";
import type { NodesFile } from "../../store/nodes_file.ts";
import {
  areAlike,
  isForgotten,
  isLasting,
  isMissable,
  KNOWN_NODES_MAX,
  type KnownNode,
  KnownState,
  merged,
  NO_MESSAGES,
} from "../../wire/known_nodes.ts";
import type { ListedNode, NodesFields } from "../../wire/read_frames.ts";
import { Departures } from "./departures.ts";
import type { FormerMember } from "./former_member.ts";
import type { Member } from "./member.ts";
import { type Findings, verdictOfPass } from "./pass_verdict.ts";
import { doubtsOf, listOf } from "./roster_report.ts";

/** What a roster needs from outside. */
export interface RosterPorts {
  /** Writes it down, synced. @returns Why it cannot. */
  save(file: NodesFile): string | undefined;
  /** Passes on what is new to all members but the one it came from. */
  tell(changed: readonly KnownNode[], except: Member | undefined): void;
  /** It cannot be written, for the reason; undefined: it can again. */
  unsaved(reason: string | undefined): void;
  /** A member has fewer bytes than it once had. */
  lost(member: Member, bytes: number): void;
}

/** What a pass of repair has found, and when it began. */
export interface PassFindings
  extends Omit<Findings, "isCurrent" | "away" | "members"> {
  /** {@linkcode Member.damages} of those that were read, when it began. */
  readonly members: ReadonlyMap<Member, number>;
  /** {@linkcode Absence.key}s of those that were away when it began. */
  readonly away: readonly string[];
  /** {@linkcode Roster.lowerings} when it began. */
  readonly lowerings: number;
}

/** A data node that is away and not repaired. */
export interface Absence {
  readonly id: string;
  /**
   * Another one if it comes and goes again, or if it is heard that it has
   * stored more meanwhile, at another head.
   */
  readonly key: string;
  /** Since when, as far as it is known. */
  readonly awayMs: number;
}

/** Pause before what could not be written is tried again, in ms. */
const SAVE_AGAIN_MS = 1_000;

/** What is restored is there, and where it was read, if nowhere else yet. */
const RESTORED_COPIES = 2;

/** How often it is written down how far members are, in ms. */
const NOTE_ENDS_MS = 10_000;

/** Keeps {@linkcode KnownNode}s, for one head. */
export class Roster {
  readonly #owner: string;
  readonly #ports: RosterPorts;
  readonly #known = new Map<string, KnownNode>();
  readonly #departures: Departures;
  /** Those that are members now. */
  readonly #present = new Map<string, Member>();
  /** The fewest copies that this head made since the last pass, by id. */
  readonly #lowered = new Map<string, number>();
  /** Ids of those with new messages of few copies, which nobody was told of. */
  readonly #few = new Set<string>();
  /** Since when data nodes can be met: the start, or the first after none. */
  #meetingMs: number;
  readonly #hasMemory: boolean;
  #lowerings = 0;
  #isDirty = false;
  #isFailing = false;
  #saveAtMs = 0;
  #noteAtMs: number;
  /** Messages that cannot be read, as they were last passed on. */
  #unreadableNoted = 0;

  /**
   * @param memory Of earlier lives of this head; undefined if there is none.
   * @param owner Stands for this head when it has no memory.
   */
  constructor(
    memory: NodesFile | undefined,
    owner: string,
    ports: RosterPorts,
    nowMs: number,
  ) {
    this.#owner = memory?.owner ?? owner;
    this.#hasMemory = memory !== undefined;
    for (const node of memory?.nodes ?? []) this.#known.set(node.id, node);
    this.#ports = ports;
    this.#departures = new Departures(nowMs);
    this.#meetingMs = nowMs;
    this.#noteAtMs = nowMs + NOTE_ENDS_MS;
  }

  /** How often it was learnt that messages have fewer copies than they should. */
  get lowerings(): number {
    return this.#lowerings;
  }

  /** All that is remembered. */
  get nodes(): KnownNode[] {
    return [...this.#known.values()].filter(isLasting);
  }

  /** Whether some records, as far as is known, have fewer copies than this. */
  lacks(replicas: number): boolean {
    return [...this.#known.values()].some((node) =>
      isMissable(node) && (node.copies < replicas || node.isLacking)
    );
  }

  /** Whether records of members have fewer copies that a pass could add to. */
  isShort(replicas: number): boolean {
    for (const id of this.#present.keys()) {
      const node = this.#known.get(id)!;
      if (!isMissable(node)) continue;
      // What one that lacks records had before, passes have seen in vain.
      const copies = node.isLacking ? this.#lowered.get(id) : node.copies;
      if (copies !== undefined && copies < replicas) return true;
    }
    return false;
  }

  /** Those that are away and not repaired. */
  away(nowMs: number): Absence[] {
    return this.#away().map((node) => ({
      id: node.id,
      key: this.#absenceOf(node),
      awayMs: this.#departures.awayMs(node.id, nowMs),
    }));
  }

  #absenceOf({ id, version, end }: KnownNode): string {
    return `${id} ${this.#departures.count(id)} ${version} ${end}`;
  }

  /** Whether it is a member now. */
  isHere(id: string): boolean {
    return this.#present.has(id);
  }

  /** Members that are here and not among these, and have records. */
  unread(members: ReadonlyMap<Member, unknown>): Member[] {
    return [...this.#present.values()].filter((member) =>
      !members.has(member) && isMissable(this.#known.get(member.id)!)
    );
  }

  /** Ids of members that lack records which they had. */
  lacking(): string[] {
    return [...this.#known.values()]
      .filter(({ id, isLacking }) => isLacking && this.#present.has(id))
      .map(({ id }) => id);
  }

  /**
   * How many bytes fewer it said that it has than it once had: none, or less,
   * if all are there.
   */
  lostBy({ id, isReadable, saysEnd, readableEnd }: Member): number {
    if (!isReadable || !saysEnd) return 0;
    return (this.#known.get(id)?.end ?? 0) - readableEnd;
  }

  /**
   * Takes a member in; one that cannot be read has no lasting id to be known.
   *
   * @returns What it was before, if it was a member before.
   */
  joined(member: Member, nowMs: number): FormerMember | undefined {
    if (!member.isReadable) return undefined;
    const { id, end } = member;
    const address = member.link.peerAddress;
    const before = this.#known.get(id);
    const lost = this.lostBy(member);
    let node: KnownNode;
    if (before === undefined) {
      // Records that nothing is known of may have been the only copies.
      const copies = member.wasEmpty ? NO_MESSAGES : 1;
      node = {
        id,
        address,
        state: KnownState.known,
        version: 0,
        copies,
        isLacking: false,
        end,
      };
    } else {
      const isBack = before.state !== KnownState.known;
      node = {
        ...before,
        address,
        state: KnownState.known,
        version: before.version + (isBack ? 1 : 0),
        isLacking: before.isLacking && !isBack,
      };
      if (lost > 0) node = { ...node, isLacking: true };
    }
    // Whoever could not be met before is about to call as this one does.
    if (this.#present.size === 0) this.#meetingMs = nowMs;
    this.#present.set(id, member);
    this.#set([node]);
    if (lost > 0) this.#ports.lost(member, lost);
    const departure = this.#departures.returned(id);
    const { leftMs } = departure;
    const former = before?.address ?? departure.address;
    if (former === undefined) return undefined;
    const awayMs = leftMs === undefined ? undefined : nowMs - leftMs;
    return { address: former, awayMs };
  }

  /** Notes that a member is away; one that nothing was placed on is no loss. */
  left(member: Member, nowMs: number): void {
    const { id, link } = member;
    if (this.#present.get(id) !== member) return;
    this.#present.delete(id);
    const node = this.#known.get(id)!;
    if (!isLasting(node) && !member.wasGiven) {
      this.#known.delete(id);
      this.#departures.leftWithNothing(id, link.peerAddress, nowMs);
      return;
    }
    this.#departures.left(id, nowMs);
    const end = Math.max(node.end, member.end);
    this.#set([{ ...node, end, version: Math.max(1, node.version) }]);
  }

  /** A client is about to hear that its messages are on so many disks. */
  acknowledged(member: Member, copies: number): void {
    const least = Math.min(copies, this.#lowered.get(member.id) ?? copies);
    this.#lowered.set(member.id, least);
    member.copies = copies;
    const node = this.#known.get(member.id);
    if (node === undefined || node.copies <= copies) return;
    const version = Math.max(1, node.version);
    this.#set([{ ...node, copies, version }]);
    // Before the answer leaves: it is what the answer can be held to.
    this.#save();
  }

  acknowledgedFew(members: readonly Member[]): void {
    this.#lowerings++;
    for (const { id } of members) this.#few.add(id);
  }

  /**
   * Tells other heads whose messages have been acknowledged with few copies: a
   * pass of theirs may have read these data nodes before.
   */
  #noteFew(): void {
    if (this.#few.size === 0) return;
    const changed: KnownNode[] = [];
    for (const id of this.#few) {
      const node = this.#known.get(id);
      if (node === undefined || !isMissable(node)) continue;
      changed.push({ ...node, version: node.version + 1 });
    }
    this.#few.clear();
    this.#set(changed);
  }

  /** A member is about to be given records of others to keep. */
  keeps(member: Member): void {
    const node = this.#known.get(member.id);
    if (node === undefined || node.copies <= RESTORED_COPIES) return;
    const version = Math.max(1, node.version);
    this.#set([{ ...node, copies: RESTORED_COPIES, version }]);
    this.#save();
  }

  /** Messages were acknowledged that no data node has that can be read. */
  acknowledgedUnreadable(messages: number): void {
    const node = this.#known.get(this.#owner) ?? {
      id: this.#owner,
      address: "-",
      state: KnownState.unreadable,
      version: 1,
      copies: 1,
      isLacking: false,
      end: 0,
    };
    const counted = { ...node, end: node.end + messages };
    this.#known.set(node.id, counted);
    this.#isDirty = true;
    if (node.end > 0) return;
    this.#set([counted]);
    this.#save();
  }

  /** Hears of data nodes from a member, which has them from other heads. */
  merge(nodes: readonly KnownNode[], from: Member): void {
    from.hasToldRoster = true;
    const changed: KnownNode[] = [];
    /** What the member that told it does not know either. */
    const corrected: KnownNode[] = [];
    for (const node of nodes) {
      const known = this.#known.get(node.id);
      if (known === undefined && this.#known.size >= KNOWN_NODES_MAX) continue;
      const told = known === undefined ? node : merged(known, node);
      const both = this.#corrected(told);
      if (known !== undefined && areAlike(known, both)) continue;
      const isHere = this.#present.has(node.id);
      if (isHere && isLowering(known!, told)) this.#lowerings++;
      if (areAlike(node, both)) changed.push(both);
      else corrected.push(both);
    }
    this.#set(changed, from);
    this.#set(corrected);
  }

  /**
   * Lets a data node go that is away for good, with whatever only it had; of
   * one that is here, the records that it has lost.
   *
   * @returns Why that cannot be.
   */
  forget(id: string): string | undefined {
    const node = this.#known.get(id);
    if (node === undefined) return `no dataNode ${id} is known here`;
    const member = this.#present.get(id);
    if (member !== undefined && !node.isLacking) {
      return `dataNode ${member.label} is here; stop it first`;
    }
    const version = node.version + 1;
    if (member !== undefined) {
      this.#set([
        { ...node, version, isLacking: false, end: member.end },
        ...this.#withOneFewer(id),
      ]);
      this.#lowerings++;
      member.heal(member.damages);
    } else if (node.state === KnownState.unreadable) {
      this.#set([{ ...node, version, end: 0 }]);
    } else {
      // What others had together with it they may have alone from now on.
      const isLacking = node.state === KnownState.known && isMissable(node);
      const state = KnownState.forgotten;
      this.#set([{ ...node, version, state, isLacking }]);
    }
    this.#save();
    return this.#isDirty
      ? "it is forgotten, though that could not be written down yet"
      : undefined;
  }

  /** The others, which may have records that one disk fewer has now. */
  #withOneFewer(lacking: string): KnownNode[] {
    return [...this.#known.values()]
      .filter((node) =>
        node.id !== lacking && isMissable(node) && node.copies > 1
      )
      .map((node) => ({
        ...node,
        version: node.version + 1,
        copies: node.copies - 1,
      }));
  }

  /**
   * Everything that can be read was read, and every record that was met has
   * enough copies (pass_verdict.ts).
   *
   * @returns Whether nothing is missing.
   */
  passed(findings: PassFindings): boolean {
    const isCurrent = findings.lowerings === this.#lowerings;
    // Whoever has found damage since may have been read before it was there.
    const members = [...findings.members]
      .filter(([{ left, damages }, before]) => !left && damages === before)
      .map(([member]) => member);
    const away = this.#away()
      .filter((node) => findings.away.includes(this.#absenceOf(node)))
      .map(({ id }) => id);
    const verdict = verdictOfPass(this.#known.values(), this.#present, {
      ...findings,
      members,
      away,
      isCurrent,
    });
    if (isCurrent) {
      for (const member of members) {
        this.#lowered.delete(member.id);
        member.copies = NO_MESSAGES;
      }
    }
    if (verdict.changed.length > 0) {
      this.#set(verdict.changed);
      this.#save();
    }
    for (const id of verdict.healed) {
      const member = this.#present.get(id)!;
      member.heal(member.damages);
    }
    return verdict.isWhole;
  }

  /** A member has said that records of its own are damaged. */
  damaged(member: Member): void {
    const node = this.#known.get(member.id);
    if (node === undefined || node.isLacking) return;
    this.#set([{ ...node, isLacking: true }]);
  }

  /** Writes down what is not yet; to be called every `TICK_MS`. */
  tick(nowMs: number): void {
    if (nowMs >= this.#noteAtMs) {
      this.#noteAtMs = nowMs + NOTE_ENDS_MS;
      this.#noteEnds();
    }
    this.#noteFew();
    if (!this.#isDirty || nowMs < this.#saveAtMs) return;
    this.#saveAtMs = nowMs + SAVE_AGAIN_MS;
    this.#save();
  }

  /** Passes on how far members are, all of them at once. */
  #noteEnds(): void {
    const changed: KnownNode[] = [];
    const own = this.#known.get(this.#owner);
    if (own !== undefined && own.end > this.#unreadableNoted) {
      this.#unreadableNoted = own.end;
      changed.push(own);
    }
    for (const [id, { end }] of this.#present) {
      const node = this.#known.get(id)!;
      if (end > node.end) changed.push({ ...node, end });
    }
    this.#set(changed);
  }

  /** All of them as readers are told, and the members of now. */
  list(members: readonly Member[]): ListedNode[] {
    return listOf(this.#known.values(), members);
  }

  /** Why messages may be missing, beside data nodes that are away. */
  doubts(): string[] {
    return doubtsOf(this.#known.values(), this.#present);
  }

  /** How far the list can be relied on. */
  fields(nowMs: number): NodesFields {
    return {
      settlesInMs: this.#settlesInMs(nowMs),
      forgotten: this.nodes.filter(isForgotten).length,
    };
  }

  /** Time until every data node that runs must have called, in ms. */
  #settlesInMs(nowMs: number): number {
    const isToldByAll = [...this.#present.values()].every((member) =>
      member.hasToldRoster || member.wasEmpty
    );
    if (this.#hasMemory && isToldByAll && this.#away().length === 0) return 0;
    return Math.max(0, this.#meetingMs + SETTLED_MS - nowMs);
  }

  #away(): KnownNode[] {
    return [...this.#known.values()].filter((node) =>
      isMissable(node) && !this.#present.has(node.id)
    );
  }

  /** What is known by what happens here: who is a member, and what was made. */
  #corrected(node: KnownNode): KnownNode {
    let { state, version, copies, isLacking } = node;
    if (this.#present.has(node.id) && state !== KnownState.known) {
      state = KnownState.known;
      isLacking = false;
      version++;
    }
    copies = Math.min(copies, this.#lowered.get(node.id) ?? copies);
    return { ...node, state, version, copies, isLacking };
  }

  #set(nodes: readonly KnownNode[], except?: Member): void {
    for (const node of nodes) this.#known.set(node.id, node);
    const lasting = nodes.filter(isLasting);
    if (lasting.length === 0) return;
    this.#isDirty = true;
    this.#ports.tell(lasting, except);
  }

  #save(): void {
    const failure = this.#ports.save({ owner: this.#owner, nodes: this.nodes });
    this.#isDirty = failure !== undefined;
    if (this.#isDirty === this.#isFailing) return;
    this.#isFailing = this.#isDirty;
    this.#ports.unsaved(failure);
  }
}

/** Whether another head has acknowledged messages with few copies. */
function isLowering(known: KnownNode, told: KnownNode): boolean {
  return told.copies < known.copies ||
    told.version > known.version && told.copies === known.copies;
}
