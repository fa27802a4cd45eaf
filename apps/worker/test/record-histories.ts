/**
 * Plays every story on a real Temporal server and writes its history to `histories/`, over the previous
 * one. Run it when the order of the workflow's calls changes on purpose. With the names of stories it
 * records only those: `pnpm --filter @fanfare/worker record declined`.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { stories } from "./stories.ts";
import { openTripLab } from "./trip-lab.ts";

const folder = new URL("../histories/", import.meta.url);

/** Removes stack traces: a replay does not need them, and they contain paths of the machine. */
function omitStackTrace(key: string, value: unknown): unknown {
  return key === "stackTrace" ? undefined : value;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(stories, name));
if (unknown.length > 0) {
  const known = Object.keys(stories).join(", ");
  throw new Error(`expected names of stories, got ${unknown.join(", ")}: choose from ${known}`);
}

await using lab = await openTripLab();
if (chosen.length === 0) await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await Promise.all(
  Object.entries(stories).map(async ([name, play]) => {
    if (chosen.length > 0 && !chosen.includes(name)) return;
    const trip = await play(lab);
    const history: unknown = JSON.parse(historyToJSON(await trip.handle.fetchHistory()));
    const text = JSON.stringify(history, omitStackTrace, 2);
    await writeFile(new URL(`${name}.json`, folder), `${text}\n`);
  }),
);
