import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDevKeys, createSecrets } from "@fanfare/secrets";
import { expect, it } from "vitest";
import { startPageCodec } from "./start-page-codec.ts";

function decode(endpoint: string): Promise<Response> {
  return fetch(`${endpoint}/decode`, {
    method: "POST",
    headers: { "x-namespace": "default", origin: "http://localhost:8233" },
    body: JSON.stringify({ payloads: [] }),
  });
}

it("answers the page at its endpoint, and nobody without the token of the endpoint", async () => {
  const secretsFolder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  await createSecrets(secretsFolder);
  const keys = await createDevKeys(join(secretsFolder, "keys"));
  await using codec = await startPageCodec({ secretsFolder, keys, port: 0, pagePort: 8233 });
  expect((await decode(codec.endpoint)).status).toBe(200);
  expect((await decode(new URL(codec.endpoint).origin)).status).toBe(401);
  await rm(secretsFolder, { recursive: true });
});
