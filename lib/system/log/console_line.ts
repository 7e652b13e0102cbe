/**
 * One line of the console, for a person or for a program.
 *
 * @module
 */

import { visible, visibleJson } from "../../wire/visible.ts";
import { timestamp } from "./timestamp.ts";

/** What a line tells. */
export interface ConsoleRecord {
  /** In ms since 1970. */
  readonly timestamp: number;
  readonly level: string;
  readonly text: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How lines look. */
export interface ConsoleStyle {
  /** Shown in front of every line. */
  readonly role: string;
  /** Whether they may be coloured. */
  readonly color: boolean;
}

/** Text of one line at most: some screens full. Files have all of it. */
const LINE_CHARS_MAX = 8 * 1024;

/** Colours of the levels: SGR parameters of ECMA-48. */
const colors: Readonly<Record<string, string>> = {
  warning: "33",
  error: "31",
};

/** A line for a person. */
export function textLine(record: ConsoleRecord, style: ConsoleStyle): string {
  const { role } = style;
  const time = timestamp(record.timestamp).slice(11);
  const text = visible(shortened(record.text));
  const color = colors[record.level];
  const label = color === undefined ? "" : `${record.level}: `;
  if (!style.color) return `${time} ${role}  ${label}${text}`;
  const colored = color === undefined
    ? text
    : `\x1b[${color}m${label}${text}\x1b[0m`;
  return `\x1b[2m${time}\x1b[0m \x1b[36m${role}\x1b[0m  ${colored}`;
}

/** A line for a program: an object of JSON. */
export function jsonLine(record: ConsoleRecord, style: ConsoleStyle): string {
  return visibleJson({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    role: style.role,
    message: shortened(record.text),
    ...record.properties,
  });
}

function shortened(text: string): string {
  const rest = text.length - LINE_CHARS_MAX;
  if (rest <= 0) return text;
  return `${text.slice(0, LINE_CHARS_MAX)}… and ${rest} characters more`;
}
