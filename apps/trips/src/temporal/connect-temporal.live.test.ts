import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority, startTemporal, waitUntil } from "@fanfare/dev-stack";
import { startRestrictedTemporal } from "@fanfare/test-fixtures";
import { openTemporalSettings } from "@fanfare/trip-contract/temporal";
import { expect, it } from "vitest";
import { connectTemporal } from "./connect-temporal.ts";

it("rotation: connects with a replaced certificate, and keeps calls that have begun", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "trips-temporal-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await createAuthority(folder);
  const files = await authority.issue("trips", { validForMs: -1000 });
  const server = stack.use(await startTemporal());
  const cloud = stack.use(
    await startRestrictedTemporal({
      target: server.address,
      files: await authority.issue("temporal"),
      apiKey: "key",
      clientCertificates: true,
    }),
  );
  const temporal = connectTemporal(
    openTemporalSettings({
      TEMPORAL_ADDRESS: cloud.address,
      TEMPORAL_API_KEY: "key",
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.caFile,
      TEMPORAL_TLS_CLIENT_CERT_PATH: files.certFile,
      TEMPORAL_TLS_CLIENT_KEY_PATH: files.keyFile,
    }),
  );
  stack.defer(() => temporal.close());
  await expect(temporal.assertReady()).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED|expired/i);

  await authority.issue("trips");
  const isReady = () => temporal.assertReady().then(() => true);
  await waitUntil(isReady, { what: "a connection with the new certificate" });
  const { connection, workflow } = temporal.client;
  await connection.withDeadline(Date.now() + 10_000, async () => {
    const calling = workflow.count("WorkflowType = 'none'");
    await authority.issue("trips");
    expect((await calling).count).toBe(0);
    expect((await workflow.count("WorkflowType = 'none'")).count).toBe(0);
  });
});
