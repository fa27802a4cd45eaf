/**
 * Plays every story on a real Temporal server and writes its history to `histories/`. To be run when
 * the workflow changes on purpose; the histories that are there stay, and have to replay as well. With
 * the names of stories it records only those: `pnpm --filter @fanfare/worker record declined`.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { stories } from "./stories.ts";
import { openTripLab } from "./trip-lab.ts";

const folder = new URL("../histories/", import.meta.url);

function freePath(story: string, number = 1): URL {
  const path = new URL(`${story}-${number}.json`, folder);
  return existsSync(path) ? freePath(story, number + 1) : path;
}

/** Stack traces are not replayed, and tell where the code lay. */
function withoutTraces(key: string, value: unknown): unknown {
  return key === "stackTrace" ? undefined : value;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(stories, name));
if (unknown.length > 0) {
  throw new Error(`no story ${unknown.join(", ")}: choose of ${Object.keys(stories).join(", ")}`);
}

await using lab = await openTripLab();
await mkdir(folder, { recursive: true });
await Promise.all(
  Object.entries(stories).map(async ([name, play]) => {
    if (chosen.length > 0 && !chosen.includes(name)) return;
    const trip = await play(lab);
    const history: unknown = JSON.parse(historyToJSON(await trip.handle.fetchHistory()));
    await writeFile(freePath(name), `${JSON.stringify(history, withoutTraces, 2)}\n`);
  }),
);
