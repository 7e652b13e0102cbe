/** beanstalkd: put (doc/protocol.txt of its sources). */

import { bytesOf, textOf } from "../../../lib/base/ascii.ts";
import { LineAnswers } from "./line_answers.ts";
import type { NewSession } from "./protocol.ts";
import { TextSession } from "./text.ts";

/** See the module; answers are `INSERTED 17`. */
export const newBeanstalkdSession: NewSession = (payload) =>
  new TextSession(
    bytesOf(`put 0 0 60 ${payload.length}\r\n${textOf(payload)}\r\n`),
    new LineAnswers(1, "I"),
  );
