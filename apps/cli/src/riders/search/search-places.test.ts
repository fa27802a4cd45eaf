import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatSearch, listFailures } from "./format-search.ts";
import { locatePlaces } from "./locate-places.ts";
import type { Wanted } from "./matcher.ts";
import { searchPlaces } from "./search-places.ts";

const name: Wanted = { what: "name", text: "Zoë Quist" };
const id: Wanted = { what: "rider id", text: "rider-1", keptIn: [/^log trips/] };

describe("the search after an erasure", () => {
  let logs: string;
  let temporalDatabase: string;
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "fanfare-search-"));
    await mkdir(join(logs, "old"));
    await writeFile(join(logs, "trips.log"), "rider-1 started");
    temporalDatabase = join(logs, "..", `${crypto.randomUUID()}.db`);
  });
  afterAll(() => rm(logs, { recursive: true }));

  // Neither server is reached.
  const env = { POSTGRES_ADMIN_URL: "postgres://127.0.0.1:1/postgres" };
  const search = async () =>
    await searchPlaces(await locatePlaces(env, { logs, temporalDatabase }), [name, id]);

  it("states what is not searched and why, and that nothing is left elsewhere", async () => {
    const lines = formatSearch(await search(), []);
    expect(lines).toEqual([
      "Searched 1 log for the name: nothing is left.",
      "Kept the rider id: log trips.log.",
      expect.stringMatching(/^Not searched: the databases \(.*ECONNREFUSED/),
      "Not searched: the streams (set NATS_URL, and NATS_NKEY_FILE to the key of provision).",
      `Not searched: Temporal (there is no file ${temporalDatabase}).`,
    ]);
  });

  it("finds a value in a large file, also between two of its parts", async () => {
    const cut = Buffer.alloc(2 ** 20 + 100, "x");
    cut.write(name.text, 2 ** 20 - 4);
    await writeFile(join(logs, "old", "riders.log"), cut);
    await writeFile(join(logs, "fleet.log"), "rider-1");
    const found = await search();
    expect(listFailures(found.left)).toEqual([`the name in log ${join("old", "riders.log")}`]);
    const lines = formatSearch(found, [{ wanted: name, why: "is shorter" }]);
    expect(lines.slice(0, 5)).toEqual([
      "Searched 3 logs for the name. Found:",
      `the name in log ${join("old", "riders.log")}`,
      "Kept the rider id: log trips.log.",
      "Warning: docs/riders-data.md lists no rider id in log fleet.log.",
      "Not searched for: the name, which is shorter.",
    ]);
    expect(lines.join()).not.toContain(name.text);
  });
});
