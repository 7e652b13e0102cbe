/** A data node on a lossy disk: `lossy_node.ts HEAD DIRECTORY`. */

import { openLog } from "../../lib/system/log.ts";
import {
  fastRandom,
  strongRandom,
  systemClock as clock,
} from "../../lib/system/environment.ts";
import { newTurn } from "../../lib/system/turn.ts";
import { makeDirectory } from "../../lib/system/make_directory.ts";
import { openNodeDirectory } from "../../lib/system/node_directory.ts";
import { startData } from "../../roles/data.ts";
import { lossyDisk } from "./lossy_disk.ts";

const [head = "", directory = ""] = Deno.args;
const turn = newTurn();
makeDirectory(directory);
const log = openLog({
  role: "data",
  directory,
  format: "text",
  level: "info",
  color: false,
  console: "stdout",
}, { clock, turn });
const { done } = startData(
  {
    heads: [head],
    directory: openNodeDirectory(directory, strongRandom),
    sync: true,
    scrubIntervalMs: Infinity,
    disk: lossyDisk(directory),
  },
  { clock, turn, log, random: fastRandom, strongRandom },
);
await done;
