import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher } from "@fanfare/bus";
import {
  connectNats,
  createInboxPrefix,
  createUserOptions,
  planPermissions,
  provisionGroups,
  provisionTopics,
} from "@fanfare/bus-nats";
import { findLeaks } from "@fanfare/bus-nats/testing";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type Nats, startNats } from "@fanfare/dev-stack";
import { openSecretsFolder, type SecretsFolder } from "@fanfare/secrets";
import { groups, natsUsers, topics } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNatsSecrets, locateAccounts, locateSeed } from "./index.ts";

const forged = { tripId: "forged", riderId: "mallory" };

describe("least privilege: whoever gets at NATS", { timeout: 60_000 }, () => {
  let path: string;
  let secrets: SecretsFolder;
  let nats: Nats;
  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), "nats-attackers-"));
    secrets = openSecretsFolder(path);
    await createNatsSecrets(path);
    const { NATS_URL: _, ...env } = process.env;
    nats = await startNats({ env, configFile: locateAccounts(secrets) });
    await provisionTopics(provisioner(), { topics });
    await provisionGroups(provisioner(), { groups });
    await using worker = await connectAs("worker");
    await createPublisher(TripEvents, worker).tripCompleted({ tripId: "true" }, { id: "true" });
  }, 120_000);
  afterAll(async () => {
    await nats?.stop();
    await rm(path, { recursive: true, force: true });
  });

  const provisioner = () => ({ servers: nats.url, nkeyFile: locateSeed(secrets, "provision") });
  const createOptions = (name: (typeof natsUsers)[number]["name"]) => ({
    servers: nats.url,
    ...createUserOptions(name, { nkeyFile: locateSeed(secrets, name) }),
  });
  const connectAs = (name: (typeof natsUsers)[number]["name"]) => connectNats(createOptions(name));

  it("no user makes the server write where the user may not, with any request and any reply", async () => {
    const users = natsUsers.map((user) => {
      const inboxPrefix = createInboxPrefix(user.name);
      const permissions = planPermissions({ ...user, inboxPrefix });
      return { name: user.name, options: createOptions(user.name), permissions };
    });
    const leaks = await findLeaks({
      users,
      administrator: provisioner(),
      targets: [
        "$JS.API.STREAM.PURGE.fanfare_trips_completed",
        "$JS.API.STREAM.CREATE.mine",
        "$JS.API.CONSUMER.CREATE.fanfare_trips_completed.mine",
        "$SYS.REQ.SERVER.PING",
      ],
    });
    expect(leaks).toEqual([]);
  });

  it.each(["fleet", "riders", "revenue", "audit", "notifications", "operator"] as const)(
    "%s cannot publish a forged TripCompleted",
    async (name) => {
      await using bus = await connectAs(name);
      const publish = createPublisher(TripEvents, bus).tripCompleted(forged, { timeoutMs: 5_000 });
      await expect(publish).rejects.toMatchObject({ code: "permission_denied" });
    },
  );

  it("nobody without a key, and with a key that is not listed, gets in", async () => {
    const own = { servers: nats.url };
    await expect(connectNats(own)).rejects.toMatchObject({ code: "permission_denied" });
    const other = join(path, "other");
    await createNatsSecrets(other);
    const nkeyFile = locateSeed(openSecretsFolder(other), "worker");
    const stranger = connectNats({ ...own, ...createUserOptions("worker", { nkeyFile }) });
    await expect(stranger).rejects.toMatchObject({ code: "permission_denied" });
  });

  it.each([
    ["notifications", "revenue"],
    ["worker", "audit"],
    ["fleet", "revenue"],
  ] as const)(
    "%s can neither receive the events of %s nor read its dead letters",
    async (name, group) => {
      await using bus = await connectAs(name);
      const subscribed = bus.subscribe(group, (on) =>
        on.service(TripEvents, { tripCompleted: () => {} }),
      );
      await expect(subscribed).rejects.toMatchObject({ code: "permission_denied" });
      const letters = bus.deadLetters(group).list();
      await expect(letters).rejects.toMatchObject({ code: "permission_denied" });
    },
  );

  it("the operator cannot receive events", async () => {
    await using bus = await connectAs("operator");
    const subscribed = bus.subscribe("revenue", (on) =>
      on.service(TripEvents, { tripCompleted: () => {} }),
    );
    await expect(subscribed).rejects.toMatchObject({ code: "permission_denied" });
  });
});
