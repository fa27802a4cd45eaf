import { Code } from "@connectrpc/connect";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFakeApps, type FakeApps } from "../../test/fake-apps.ts";
import { startTestRiders, type TestRiders } from "../../test/test-riders.ts";

let test: TestRiders;
let apps: FakeApps;
beforeAll(async () => {
  test = await startTestRiders();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);
beforeEach(() => {
  apps = createFakeApps();
});

const olga = { role: "operator", subject: "olga" };
const asRider = (subject: string) => ({ role: "rider", subject });

/** Exports as a caller, and returns the records as `app kind`, with their JSON. */
async function exportAs(caller: { role: string; subject: string }, riderId = "") {
  const records: { readonly what: string; readonly data: unknown }[] = [];
  for await (const { app, record } of test.as(caller, apps.clients).exportRider({ riderId })) {
    records.push({ what: `${app} ${record?.kind}`, data: JSON.parse(record?.json ?? "") });
  }
  return records;
}

async function createRider(): Promise<string> {
  const riderId = crypto.randomUUID();
  await test.asRider(riderId).updateProfile({ displayName: "Rosa Diaz" });
  await test.asRider(riderId).addPaymentMethod({ gatewayToken: "tok_1", label: "Visa" });
  return riderId;
}

describe("the export of a rider", { timeout: 60_000 }, () => {
  it("has every record of every app, for the rider and for an operator", async () => {
    const riderId = await createRider();
    apps.records = 5;
    const own = await exportAs(asRider(riderId));
    const each = ["trips", "billing", "notifications"].flatMap((app) =>
      Array.from({ length: 5 }, () => `${app} note`),
    );
    expect(own.map(({ what }) => what)).toEqual([
      "riders profile",
      "riders payment_method",
      ...each,
    ]);
    expect(own[0]?.data).toMatchObject({ riderId, displayName: "Rosa Diaz" });
    expect(own.at(-1)?.data).toEqual({ app: "notifications", number: 4 });
    expect(await exportAs(olga, riderId)).toEqual(own);
  });

  it("has no token of the payment gateway", async () => {
    const riderId = await createRider();
    expect(JSON.stringify(await exportAs(asRider(riderId)))).not.toContain("tok_1");
  });

  it("of another rider is refused to riders", async () => {
    const refusal = await catchRefusal(exportAs(asRider("mallory"), await createRider()));
    expect(refusal.code).toBe(Code.PermissionDenied);
  });

  it("is unavailable while an app does not answer, and never a part", async () => {
    const riderId = await createRider();
    apps.down.add("notifications");
    const refusal = await catchRefusal(exportAs(asRider(riderId)));
    expect(refusal.code).toBe(Code.Unavailable);
    expect(refusal.rawMessage).toContain("notifications did not answer");
  });

  it("needs a rider who is known and not erased", async () => {
    const unknown = crypto.randomUUID();
    expect((await catchRefusal(exportAs(olga, unknown))).code).toBe(Code.NotFound);
    expect((await catchRefusal(exportAs(olga))).code).toBe(Code.InvalidArgument);
    const riderId = await createRider();
    await test.as(olga, apps.clients).eraseRider({ riderId, reason: "request 7" });
    expect((await catchRefusal(exportAs(olga, riderId))).code).toBe(Code.FailedPrecondition);
  });
});
