/** A data node on a lossy disk: `lossy_node.ts HEAD DIRECTORY`. */

import { openLog } from "../../lib/log.ts";
import {
  fastRandom,
  strongRandom,
  systemClock as clock,
} from "../../lib/net/environment.ts";
import { newTurn } from "../../lib/net/turn.ts";
import { makeDirectory } from "../../lib/store/deno_disk.ts";
import { openNodeDirectory } from "../../lib/store/node_directory.ts";
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
