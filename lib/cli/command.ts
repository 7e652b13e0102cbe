/**
 * What a command line says, once it is understood.
 *
 * @module
 */

import type { PeerChoice } from "../client/context.ts";
import type { PlacementName } from "../head/delivery/placement.ts";
import type { LogFormat, LogLevel } from "../system/log.ts";
import type { ReadFormat } from "../library/format.ts";

/** The roles, as `--role` names them. */
export const roleNames = ["server", "head", "data", "client"] as const;
/** See {@linkcode roleNames}. */
export type RoleName = typeof roleNames[number];

/** Flags that every role has. */
export interface CommonFlags {
  /** Only tell whether one is at work. */
  readonly check: boolean;
  readonly logDir: string | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** `--role server …` */
export interface ServerCommand extends CommonFlags {
  readonly role: "server";
  readonly host: string;
  readonly port: number;
  readonly maxClients: number;
  readonly totalClients: number | undefined;
}

/** `--role head …` */
export interface HeadCommand extends CommonFlags {
  readonly role: "head";
  readonly host: string;
  readonly port: number;
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
  readonly replicas: number;
  readonly minReplicas: number | undefined;
  /** In ms; Infinity is never. */
  readonly repairAfter: number;
  /** In bytes a second. */
  readonly repairRate: number;
  readonly placement: PlacementName;
  readonly maxConnections: number;
  readonly maxHeld: number;
}

/** `--role data …` */
export interface DataCommand extends CommonFlags {
  readonly role: "data";
  readonly head: readonly string[];
  readonly dir: string;
  readonly sync: "always" | "never";
  /** In ms; Infinity is never. */
  readonly scrubInterval: number;
}

/** `--role client …` */
export interface ClientCommand extends CommonFlags {
  readonly role: "client";
  readonly to: readonly string[];
  readonly interval: number;
  readonly count: number | undefined;
  readonly message: string | undefined;
  readonly stdin: boolean;
  readonly peer: PeerChoice;
  readonly name: string | undefined;
  readonly read: boolean;
  readonly follow: boolean;
  readonly format: ReadFormat;
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly client: string | undefined;
  readonly where: string | undefined;
  readonly forget: string | undefined;
}

/** A role and its flags. */
export type Command =
  | ServerCommand
  | HeadCommand
  | DataCommand
  | ClientCommand;

/** How lines are written that do not come from a role's log. */
export interface Voice {
  readonly format: LogFormat;
  /** Undefined while it is not known. */
  readonly role: RoleName | undefined;
}

/** What a command line asks for. */
export type CommandLine =
  /** Run a role. */
  | {
    readonly kind: "run";
    readonly command: Command;
    /** What to know of variables that were left aside. */
    readonly warnings: readonly string[];
  }
  /** Print this, and end with 0. */
  | { readonly kind: "print"; readonly text: string }
  /** It is wrong: say this one line, and end with 2. */
  | { readonly kind: "wrong"; readonly text: string };
