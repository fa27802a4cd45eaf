import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  findTemporalServer,
  startApp,
  startNats,
  startTemporalServer,
  type TemporalServer,
  waitUntil,
} from "@fanfare/dev-stack";
import { createSecrets, rotateSecrets } from "@fanfare/secrets";
import { readTemporalSettings, type TemporalSettings } from "@fanfare/trip-contract/temporal";
import { Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCompose } from "../test/deploy/compose-model.ts";
import { runCli } from "../test/run-fanfare.ts";
import { attackTemporal, describeRefusals } from "../test/temporal/temporal-attacks.ts";

const command = await findTemporalServer();
const missing = command === undefined ? " (skipped: temporal-server is not on PATH)" : "";

/** Returns the settings of the server in the cluster, with the files of a folder of secrets. */
async function readServerVariables(secrets: string): Promise<Record<string, string>> {
  const cluster = await readCompose(["docker-compose.yml", "deploy/compose/cluster.yml"]);
  const chosen = Object.entries(cluster.services["temporal"]?.environment ?? {})
    .filter(([name]) => /^(TEMPORAL_(TLS|AUTH|JWT|SERVICES)|USE_)/.test(name))
    .map(([name, value]) => [
      name,
      value.replace("/run/temporal", join(secrets, "temporal-server")),
    ]);
  return {
    ...Object.fromEntries(chosen),
    DYNAMIC_CONFIG_FILE_PATH: join(
      import.meta.dirname,
      "../../../deploy/temporal/dynamic-config.yaml",
    ),
    TEMPORAL_JWT_KEY_REFRESH: "1s",
    LOG_LEVEL: "warn",
  };
}

describe.skipIf(command === undefined)(
  `Temporal's own server${missing}`,
  { timeout: 120_000 },
  () => {
    const stack = new AsyncDisposableStack();
    let secrets: string;
    let server: TemporalServer;
    const nameFiles = (client: string) => ({
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(secrets, client, "temporal-ca.crt"),
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(secrets, client, "temporal.pem"),
      TEMPORAL_TLS_CLIENT_KEY_PATH: join(secrets, client, "temporal.pem"),
      TEMPORAL_TLS_SERVER_NAME: "temporal",
      TEMPORAL_API_KEY_FILE: join(secrets, client, "temporal-token"),
    });

    beforeAll(async () => {
      secrets = await mkdtemp(join(tmpdir(), "fanfare-temporal-server-"));
      stack.defer(() => rm(secrets, { recursive: true, force: true }));
      await createSecrets(secrets, { temporalHosts: ["temporal"] });
      const env = await readServerVariables(secrets);
      server = stack.use(await startTemporalServer({ command: command ?? "", env }));
    }, 120_000);
    afterAll(() => stack.disposeAsync(), 60_000);

    it("lets the provisioning create the namespace and its search attributes", async () => {
      const provisioned = await runCli(["provision", "--json"], nameFiles("provision"));
      expect(provisioned).toMatchObject({ status: 0 });
      expect(JSON.parse(provisioned.stdout).searchAttributes).toContain("TripStatus");
    });

    it("refuses every certificate and token but those of its clients", async () => {
      const { address, internalAddresses: internal } = server;
      const outcomes = await attackTemporal({ address, namespace: "default", secrets, internal });
      expect(outcomes).toEqual(describeRefusals(internal));
    });

    it("rotation: accepts both tokens, then the new one alone, with which the worker goes on", async () => {
      const nats = stack.use(await startNats());
      const worker = stack.use(
        await startApp({
          name: "worker",
          logFile: join(secrets, "worker.log"),
          env: {
            ...nameFiles("worker"),
            NATS_URL: nats.url,
            SERVICE_KEY_FILE: join(secrets, "worker", "service-key.json"),
            TEMPORAL_CODEC_KEYS_FILE: join(secrets, "worker", "codec-keys.json"),
          },
        }),
      );
      const earlier = readTemporalSettings(nameFiles("trips"));
      await changeKeys(secrets, { nextSince: 0 });
      await rotateSecrets(secrets, "temporal", { report: () => {} });
      const fresh = readTemporalSettings(nameFiles("trips"));
      expect(fresh.apiKey).not.toBe(earlier.apiKey);
      expect([await countTrips(earlier), await countTrips(fresh)]).toEqual([
        "permitted",
        "permitted",
      ]);

      await changeKeys(secrets, { retired: [] });
      await createSecrets(secrets);
      await waitUntil(async () => (await countTrips(earlier)).includes("unauthorized"), {
        what: "the end of the earlier token",
      });
      expect(await countTrips(fresh)).toBe("permitted");
      // The earlier token ends at once here, and the worker may lose its connection with it.
      await waitUntil(async () => (await fetch(`${worker.healthUrl}/readyz`)).ok, {
        what: "the worker to use its new token",
      });
    });
  },
);

async function countTrips(settings: TemporalSettings): Promise<string> {
  const connection = Connection.lazy({ ...settings, interceptors: [] });
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace: settings.namespace });
    return "permitted";
  } catch (error) {
    return String(error);
  } finally {
    await connection.close();
  }
}

/** Changes the stored keys of the tokens, as time does. */
async function changeKeys(secrets: string, change: object): Promise<void> {
  const file = join(secrets, "temporal-authority", "token-keys.json");
  const keys = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...keys, ...change }));
}
