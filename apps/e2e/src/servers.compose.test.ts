import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePorts } from "@fanfare/dev-stack";
import { natsUsers } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCompose, docker } from "../test/compose/compose.ts";
import { listContainers, listLeftovers } from "../test/compose/containers.ts";
import { copySecrets } from "../test/compose/copy-secrets.ts";
import { readStories, storiesOfRunning } from "../test/compose/read-stories.ts";
import { runFanfareOnHost } from "../test/compose/run-fanfare-on-host.ts";

const project = "fanfare-test-servers";
const image = `${project}:latest`;
const servers = ["postgres", "nats", "temporal"] as const;

describe("docker compose with the servers only", { timeout: 900_000 }, async () => {
  const {
    ports: [temporal, page, nats, postgres],
  } = await reservePorts(4);
  const stack = createCompose({
    project,
    files: ["docker-compose.yml"],
    variables: {
      FANFARE_IMAGE: image,
      TEMPORAL_PORT: String(temporal),
      TEMPORAL_UI_PORT: String(page),
      NATS_PORT: String(nats),
      POSTGRES_PORT: String(postgres),
    },
  });
  const { compose } = stack;

  beforeAll(() => compose("down", "--volumes", "--remove-orphans"), 120_000);

  afterAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await docker(["image", "rm", "--force", image]);
  }, 120_000);

  it("starts PostgreSQL, NATS and Temporal without apps", async () => {
    await compose("up", "--wait", ...servers);
    const all = await listContainers(project);
    const running = all.filter(({ status }) => status === "running");
    expect(new Map(running.map(({ service, health }) => [service, health]))).toEqual(
      new Map(servers.map((name) => [name, "healthy"])),
    );
  });

  it("serves apps that run on the host", async () => {
    const password = await compose("exec", "-T", "postgres", "cat", "/run/fanfare/password");
    const secrets = await mkdtemp(join(tmpdir(), "fanfare-compose-"));
    const holders = [...natsUsers.map(({ name }) => name), "provision"];
    await copySecrets(
      stack,
      secrets,
      holders.map((holder) => `${holder}/nats.nk`),
    );
    const demo = await runFanfareOnHost(["demo", "--json"], {
      POSTGRES_ADMIN_URL: `postgres://postgres:${password}@127.0.0.1:${postgres}/postgres`,
      NATS_URL: `nats://127.0.0.1:${nats}`,
      NATS_SECRETS: secrets,
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal}`,
    });
    await rm(secrets, { recursive: true });
    expect(readStories(demo)).toEqual(storiesOfRunning);
  });

  it("removes everything", async () => {
    await compose("down", "--volumes");
    expect(await listLeftovers(project)).toEqual([]);
  });
});
