/** Redis Streams: XADD, in RESP (redis.io/docs/reference/protocol-spec). */

import { bytesOf, textOf } from "../../../lib/base/ascii.ts";
import { LineAnswers } from "./line_answers.ts";
import type { NewSession } from "./protocol.ts";
import { TextSession } from "./text.ts";

/** An answer is `$15`, and then the id of the entry. */
const LINES = 2;

/** See the module. */
export const newRedisSession: NewSession = (payload) =>
  new TextSession(
    bytesOf(
      `*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nm\r\n` +
        `$${payload.length}\r\n${textOf(payload)}\r\n`,
    ),
    new LineAnswers(LINES, "$"),
  );
