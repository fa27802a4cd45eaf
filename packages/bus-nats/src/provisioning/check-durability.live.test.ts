import { reservePort } from "@fanfare/dev-stack";
import { describe, expect, it } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import { checkDurability } from "./check-durability.ts";

const accounts = `
  accounts { SYS { users: [{ user: system, password: secret }] }, A { jetstream: enabled, users: [{ user: a, password: a }] } }
  system_account: SYS
`;

describe("checkDurability()", { timeout: 60_000 }, () => {
  it("reports a server that syncs at intervals as at risk, with the setting that changes it", async () => {
    const port = await reservePort();
    await using nats = await startOwnNats(`http: "127.0.0.1:${port}"\n${accounts}`);
    const expected = {
      state: "at-risk",
      message: expect.stringContaining("jetstream { sync_interval: always }"),
    };
    const monitoringUrl = `http://127.0.0.1:${port}`;
    expect(await checkDurability({ monitoringUrl })).toEqual(expected);
    const system = { servers: nats.url, user: "system", password: "secret" };
    expect(await checkDurability({ system })).toEqual(expected);
  });

  it("reports a server that always syncs as safe", async () => {
    const port = await reservePort();
    const nats = await startOwnNats(`http: "127.0.0.1:${port}"`, { syncInterval: "always" });
    const durability = await checkDurability({ monitoringUrl: `http://127.0.0.1:${port}` });
    await nats.stop();
    expect(durability.state).toBe("safe");
  });

  it("reports unknown without an address or an answer", async () => {
    expect(await checkDurability({})).toMatchObject({ state: "unknown" });
    const monitoringUrl = `http://127.0.0.1:${await reservePort()}`;
    expect(await checkDurability({ monitoringUrl })).toMatchObject({ state: "unknown" });
  });
});
