import { toJsonString } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RiderChange, RiderChangedSchema } from "@fanfare/contracts/riders/v1/rider_events";
import { Consent } from "@fanfare/contracts/riders/v1/riders";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRiders, type TestRiders } from "../test/test-riders.ts";

let test: TestRiders;
beforeAll(async () => {
  test = await startTestRiders();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const rosa = {
  displayName: "Rosa Diaz",
  email: "rosa@example.com",
  locale: "de-at",
  timeZone: "Europe/Vienna",
};
const notifications = { role: "service", subject: "notifications" };
const operator = { role: "operator", subject: "olga" };

describe("the profile of a rider", () => {
  it("is empty, in English and UTC, until it is written", async () => {
    const riderId = crypto.randomUUID();
    expect((await test.asRider(riderId).getProfile({})).profile).toMatchObject({
      riderId,
      displayName: "",
      email: "",
      locale: "en",
      timeZone: "UTC",
      consents: [],
    });
    expect((await catchRefusal(test.as(operator).getRider({ riderId }))).code).toBe(Code.NotFound);
  });

  it("has the fields that were written, and keeps those that an update leaves out", async () => {
    const riderId = crypto.randomUUID();
    const client = test.asRider(riderId);
    await client.updateProfile(rosa);
    const { profile } = await client.updateProfile({ email: "" });
    const expected = { ...rosa, riderId, locale: "de-AT", email: "" };
    expect(profile).toMatchObject(expected);
    expect((await client.getProfile({})).profile).toMatchObject(expected);
    expect((await test.as(operator).getRider({ riderId })).profile).toMatchObject(expected);
    expect(await test.as(notifications).getRegion({ riderId })).toMatchObject({
      locale: "de-AT",
      timeZone: "Europe/Vienna",
    });
  });

  it("has the consents that were given last, each with the time since when", async () => {
    const client = test.asRider();
    const give = async (...consents: Consent[]) =>
      (await client.updateProfile({ consents: { consents } })).profile?.consents ?? [];
    const [marketing] = await give(Consent.MARKETING);
    expect(marketing).toMatchObject({ consent: Consent.MARKETING, givenAt: expect.anything() });
    const both = await give(Consent.MARKETING, Consent.ANALYTICS);
    expect(both.map(({ consent }) => consent)).toEqual([Consent.ANALYTICS, Consent.MARKETING]);
    expect(both[1]?.givenAt).toEqual(marketing?.givenAt);
    expect(await give(Consent.ANALYTICS)).toMatchObject([{ consent: Consent.ANALYTICS }]);
    expect(await give()).toEqual([]);
  });

  it.each([
    [{ timeZone: "Europe/Atlantis" }, /^there is no time zone Europe\/Atlantis: /],
    [{ locale: "xx" }, /^there is no locale xx: /],
    [{ email: "rosa" }, /email/],
    [{ consents: { consents: [Consent.UNSPECIFIED] } }, /consents/],
  ])("refuses %j with invalid_argument, and stores nothing", async (wrong, message) => {
    const riderId = crypto.randomUUID();
    const error = await catchRefusal(test.asRider(riderId).updateProfile({ ...rosa, ...wrong }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toMatch(message);
    expect((await catchRefusal(test.as(operator).getRider({ riderId }))).code).toBe(Code.NotFound);
    expect(await test.publishOutbox(riderId)).toEqual([]);
  });
});

describe("riders.changed", () => {
  it("is published once for each update that changes something, with the id alone", async () => {
    const riderId = crypto.randomUUID();
    const client = test.asRider(riderId);
    await client.updateProfile(rosa);
    await client.updateProfile(rosa);
    await client.updateProfile({ consents: { consents: [Consent.MARKETING] } });
    await client.updateProfile({ consents: { consents: [Consent.MARKETING] } });
    const received = await test.publishOutbox(riderId);
    expect(received).toHaveLength(2);
    for (const event of received) {
      expect(event).toMatchObject({ riderId, change: RiderChange.PROFILE, paymentMethodId: "" });
      expect(toJsonString(RiderChangedSchema, event)).not.toMatch(/Rosa|example|Vienna/);
    }
  });
});
