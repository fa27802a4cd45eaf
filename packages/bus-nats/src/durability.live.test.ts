import { findFreePort } from "@fanfare/dev-stack";
import { describe, expect, it } from "vitest";
import { ownNats } from "../test/nats-server.ts";
import { checkDurability } from "./durability.ts";

const accounts = `
  accounts { SYS { users: [{ user: system, password: secret }] }, A { jetstream: enabled, users: [{ user: a, password: a }] } }
  system_account: SYS
`;

describe("checkDurability()", { timeout: 60_000 }, () => {
  it("says that a server which syncs now and then may lose events, and how to mend it", async () => {
    const port = await findFreePort();
    await using nats = await ownNats(`http: "127.0.0.1:${port}"\n${accounts}`);
    const expected = {
      state: "at-risk",
      message: expect.stringContaining("jetstream { sync_interval: always }"),
    };
    const monitoringUrl = `http://127.0.0.1:${port}`;
    expect(await checkDurability({ monitoringUrl })).toEqual(expected);
    const system = { servers: nats.url, user: "system", password: "secret" };
    expect(await checkDurability({ system })).toEqual(expected);
  });

  it("says that a server which syncs always is safe", async () => {
    const port = await findFreePort();
    const nats = await ownNats(`http: "127.0.0.1:${port}"`, "always");
    const durability = await checkDurability({ monitoringUrl: `http://127.0.0.1:${port}` });
    await nats.stop();
    expect(durability.state).toBe("safe");
  });

  it("does not know without the means to ask, or an answer", async () => {
    expect(await checkDurability({})).toMatchObject({ state: "unknown" });
    const monitoringUrl = `http://127.0.0.1:${await findFreePort()}`;
    expect(await checkDurability({ monitoringUrl })).toMatchObject({ state: "unknown" });
  });
});
