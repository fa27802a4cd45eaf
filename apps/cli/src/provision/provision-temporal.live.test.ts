import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority, startTemporal } from "@fanfare/dev-stack";
import { startRestrictedTemporal } from "@fanfare/test-fixtures";
import { readTemporalSettings } from "@fanfare/trip-contract/temporal";
import { expect, it } from "vitest";
import { provisionTemporal } from "./provision-temporal.ts";
import { searchAttributeTypes } from "./search-attributes.ts";

it("accepts a complete namespace whose operator service denies everything, and names what another lacks", {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "provision-temporal-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await createAuthority(folder);
  const files = await authority.issue("temporal");
  const { TripDelayed: _, ...some } = searchAttributeTypes;
  const open = async (searchAttributes: Readonly<Record<string, string>>) => {
    const server = stack.use(await startTemporal({ searchAttributes }));
    const options = { target: server.address, files, apiKey: "key" };
    const { address } = stack.use(await startRestrictedTemporal(options));
    return {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_API_KEY: "key",
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.caFile,
    };
  };
  const [complete, incomplete] = await Promise.all([open(searchAttributeTypes), open(some)]);

  expect(await provisionTemporal(readTemporalSettings(complete))).toEqual(
    Object.keys(searchAttributeTypes),
  );
  await expect(provisionTemporal(readTemporalSettings(incomplete))).rejects.toThrow(
    "namespace default lacks the search attributes TripDelayed, and this identity may not add them: add them with the type Keyword",
  );
  const wrongKey = readTemporalSettings({ ...complete, TEMPORAL_API_KEY: "another" });
  await expect(provisionTemporal(wrongKey)).rejects.toThrow(/Failed to connect|unauthorized/i);
});
