import { type Nats, startNats } from "@fanfare/dev-stack";
import { groups, topics } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runFanfare } from "../../test/run-fanfare.ts";

describe("the commands for NATS", { timeout: 120_000 }, () => {
  let nats: Nats;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const { NATS_URL: _, POSTGRES_ADMIN_URL: __, TEMPORAL_ADDRESS: ___, ...others } = process.env;
    nats = await startNats({ env: others });
    env = { ...others, NATS_URL: nats.url };
  }, 120_000);
  afterAll(() => nats?.stop());

  it("plan, provision and check streams and consumer groups", async () => {
    const plan = await runFanfare(["provision", "plan"], env);
    expect(plan.stdout).toMatch(/^create +stream +fanfare_trips_completed/);
    const before = await runFanfare(["provision", "check"], env);
    expect(before.status).toBe(1);
    expect(before.stdout).toContain("unknown: whether a power failure loses events is unknown");
    const applied = await runFanfare(["provision", "--json"], env);
    expect(JSON.parse(applied.stdout).streams).toHaveLength(topics.length);
    const after = await runFanfare(["provision", "check", "--json"], env);
    expect(after.status).toBe(0);
    const { changes } = JSON.parse(after.stdout);
    const consumers = groups.flatMap((group) => [...group.topics]);
    expect(changes).toHaveLength(topics.length + consumers.length);
    const table = await runFanfare(["groups"], env);
    expect(table.stdout).toMatch(
      /^revenue +trips\.completed,trips\.refunded +0 +0 +0 +0 +- +0 +- +no$/m,
    );
  });

  it("print permissions that a server accepts", async () => {
    const { stdout } = await runFanfare(["provision", "--print-permissions"], env);
    const config = stdout.replaceAll(/\$[A-Z]+_PASSWORD/g, "secret");
    expect(config).toContain('"$JS.API.CONSUMER.MSG.NEXT.fanfare_trips_completed.revenue"');
    const { NATS_URL: _, ...others } = env;
    const server = await startNats({ env: others, config });
    await server.stop();
  });
});
