import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServers } from "@fanfare/dev-stack";
import { reactorNames } from "@fanfare/topology";
import { describe, expect, it } from "vitest";
import { runFanfare } from "../../test/run-fanfare.ts";

describe("fanfare provision", { timeout: 120_000 }, () => {
  it("creates databases, streams and search attributes, and changes nothing the second time", async () => {
    const logFolder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    await using servers = await startServers({ logFolder });
    const secrets = join(logFolder, "secrets");
    const written = await runFanfare(
      ["secrets", secrets, "--postgres", servers.postgres.adminUrl],
      {
        ...process.env,
      },
    );
    expect(written).toMatchObject({ status: 0, stderr: "" });
    const env = {
      ...process.env,
      POSTGRES_ADMIN_URL_FILE: join(secrets, "postgres", "admin-url"),
      NATS_URL: servers.nats.url,
      TEMPORAL_ADDRESS: servers.temporal.address,
    };
    const first = await runFanfare(["provision", "--json"], env);
    expect(first.stderr).toBe("");
    const provisioned = JSON.parse(first.stdout);
    expect(provisioned.databases.toSorted()).toEqual(
      ["trips", "fleet", "billing", "riders", ...reactorNames].toSorted(),
    );
    expect(provisioned.warnings).toEqual([]);
    expect(provisioned.streams).toHaveLength(5);
    expect(provisioned.searchAttributes).toEqual(["TripStatus", "TripAttention", "TripDelayed"]);
    const second = await runFanfare(["provision", "--json"], env);
    expect(JSON.parse(second.stdout)).toEqual(provisioned);
    await rm(logFolder, { recursive: true, force: true });
  });

  it("rejects when the logins of the databases are not named", async () => {
    const env = { PATH: process.env.PATH, POSTGRES_ADMIN_URL: "postgres://127.0.0.1:1/postgres" };
    const { status, stderr } = await runFanfare(["provision"], env);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^expected the logins of the databases: .+ POSTGRES_LOGINS_FILE/,
      ),
    });
  });

  it("rejects when no server is named", async () => {
    const { status, stderr } = await runFanfare(["provision"], { PATH: process.env.PATH });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^expected a server to provision: set POSTGRES_ADMIN_URL/),
    });
  });
});
