import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";
import { createTariffHistory } from "./tariff-history.ts";
import { arbitraryWalk, runWalk, type WalkedTrip } from "./walk.ts";
import { refundAndCheck } from "./walk-refunds.ts";
import { nameTariff } from "./walk-tariff.ts";

const count = Number(process.env["FANFARE_WALKS"] ?? 12);
const seed = Number(process.env["FANFARE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** The path of a failed walk, printed with its seed. It repeats that walk alone. */
const path = process.env["FANFARE_PATH"];

const timeoutMs = 180_000 + count * 5_000;
vi.setConfig({ testTimeout: timeoutMs, hookTimeout: 120_000 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

let walked = 0;
const tookMs: number[] = [];
const history = createTariffHistory();
const ends: Record<string, number> = {};

/** Checks the invariants S (settled or compensated) and V (no vehicle is held) of a trip that has ended. */
function expectWhole({ account, requested }: WalkedTrip): void {
  const { status, fare, settled, captured, authorised, balance, authorisations, charges } = account;
  expect(account.vehicles).toEqual([]);
  expect(authorisations).toBeLessThanOrEqual(1);
  if (status === "CANCELLED") {
    expect({ fare, settled, captured, authorised, balance }).toEqual({
      fare: null,
      settled: null,
      captured: 0,
      authorised: 0,
      balance: 0,
    });
    return;
  }
  // M: readAccount() checks the fare against the tariff of the trip, which was in force when it was requested.
  expect(account.tariff === null || history.allows(nameTariff(account.tariff), requested)).toBe(
    true,
  );
  const owed = (account.tariff?.unlockFee ?? Number.NaN) + (fare ?? Number.NaN);
  expect({ status, charges, balance, settled: captured }).toEqual({
    status: "SETTLED",
    charges: 2,
    balance: owed,
    settled,
  });
  // Nothing is captured when an operator resolved the capture.
  expect([0, owed]).toContain(captured);
}

async function expectInvariants(ended: readonly WalkedTrip[]): Promise<void> {
  for (const one of ended) expectWhole(one);
  for (const { trip, account } of ended) {
    // G: the failures of audit do not affect revenue.
    const effects = account.status === "SETTLED" ? 1 : 0;
    await eventually(() => expect(lab.events.countDeliveries(trip.tripId).revenue).toBe(effects));
    await trip.redeliver();
    expect(await trip.readAccount()).toEqual(account);
  }
  for (const { trip, account } of ended) {
    const effects = account.status === "SETTLED" ? 1 : 0;
    // E: a completed trip has one effect in each group, any other none.
    await eventually(async () => {
      await lab.events.retry();
      expect(lab.events.countDeliveries(trip.tripId)).toEqual({ revenue: effects, audit: effects });
    });
    expect(await lab.books.findHolder(trip.vehicleId)).toBeUndefined();
  }
  await Promise.all(
    ended.map(async ({ refunds, paymentMethod, ...one }) => {
      const fails = paymentMethod === "pm_card_refundFail";
      await refundAndCheck(lab, one, { refunds, fails });
    }),
  );
}

describe(`random walks, seed ${seed}`, () => {
  it(`keep every invariant, ${count} times`, async () => {
    const property = fc.asyncProperty(arbitraryWalk, async (trips) => {
      const ended = await runWalk(lab, trips, history);
      await expectInvariants(ended);
      walked += 1;
      for (const one of ended) {
        tookMs.push(one.tookMs);
        const { status } = one.account;
        ends[status] = (ends[status] ?? 0) + 1;
      }
    });
    // Walks run beside each other, because they mostly wait.
    const workers = Math.min(count, count < 50 ? 4 : 10);
    await Promise.all(
      Array.from({ length: path === undefined ? workers : 1 }, (_, offset) =>
        fc.assert(property, {
          seed: seed + offset,
          numRuns: Math.ceil(count / workers),
          // Reports a walk that fails before its shrinking takes all of the time.
          interruptAfterTimeLimit: timeoutMs - 60_000,
          ...(path === undefined ? {} : { path }),
        }),
      ),
    );
    const sorted = tookMs.toSorted((one, other) => one - other);
    const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
    console.info(
      `${walked} walks, ${sorted.length} trips: ${JSON.stringify(ends)}; to their end in ms: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(0.9999)}`,
    );
    expect(walked).toBeGreaterThanOrEqual(path === undefined ? count : 1);
  });
});
