import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  type RefundTripRequest,
  TripOperationsService,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { describe, expect, it } from "vitest";
import { listRefunds, refundTrip } from "./refunds.ts";
import type { OperatorContext } from "./trip-context.ts";

const tripId = "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10";
const reason = "the car was dirty";
const requestedAt = timestampFromDate(new Date("2026-11-21T10:00:00Z"));

/** Creates a context whose API has one settled trip in a currency, with its requests and the printed lines. */
function createOperator(options: { json?: boolean; currency?: string; code?: Code } = {}) {
  const { json = false, currency = "EUR", code } = options;
  const requests: (RefundTripRequest & { readonly key: string | null })[] = [];
  const lines: string[] = [];
  const settled = { minorUnits: 1350n, currency };
  const first = { refundId: "a", amount: settled, requestedAt, state: TripRefund_State.REQUESTED };
  const refused = { state: TripRefund_State.REFUSED, refusal: "the card is closed" };
  const transport = createRouterTransport((router) => {
    router.service(TripOperationsService, {
      getTrip: () => ({ trip: { tripId, settled } }),
      refundTrip(request, { requestHeader }) {
        requests.push({ ...request, key: requestHeader.get("idempotency-key") });
        if (code !== undefined) throw new ConnectError("no", code);
        return { refund: first };
      },
      listRefunds: (request) => ({
        refunds: request.tripId === tripId ? [first, { ...first, ...refused, refundId: "b" }] : [],
      }),
    });
  });
  const terminal: OperatorContext["terminal"] = {
    line: (text = "") => void lines.push(text),
    colour: (_, text) => text,
  };
  const client = createClient(TripOperationsService, transport);
  return { context: { role: "operator", client, terminal, json } as const, requests, lines };
}

describe("refundTrip()", () => {
  it("refunds everything that is left without an amount, and prints the refund with its state", async () => {
    const { context, requests, lines } = createOperator();
    await refundTrip(context, tripId, { reason });
    expect(requests).toMatchObject([
      { tripId, reason, key: expect.stringMatching(/^[\da-f-]{36}$/) },
    ]);
    expect(requests[0]?.amount).toBeUndefined();
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ["REFUND", "STATE", "AMOUNT", "REQUESTED", "REFUNDED", "REFUSAL"],
      ["a", "REQUESTED", "€13.50", "2026-11-21 10:00:00"],
    ]);
  });

  it.each([
    ["1.50", "EUR", 150n],
    ["150", "JPY", 150n],
    ["0", "EUR", 0n],
  ])("sends %s in %s under the key", async (amount, currency, minorUnits) => {
    const { context, requests } = createOperator({ currency });
    await refundTrip(context, tripId, { reason, amount, key: "one" });
    expect(requests).toMatchObject([{ amount: { minorUnits, currency }, key: "one" }]);
  });

  it.each([
    [{ amount: "1.505" }, 'at most 2 decimals, got "1.505"'],
    [{ amount: "-1" }, 'got "-1"'],
    [{ amount: "" }, 'got ""'],
    [{ amount: "1,50" }, 'got "1,50"'],
    [{ key: "" }, "expected a key of 1 to 255"],
    [{ key: "two words" }, 'without spaces, got "two words"'],
    [{ key: "é" }, 'got "é"'],
  ])("rejects %o before it refunds", async (flags, message) => {
    const { context, requests } = createOperator();
    await expect(refundTrip(context, tripId, { reason, ...flags })).rejects.toThrow(message);
    expect(requests).toEqual([]);
  });

  it("names the key when the refund may have been stored, and no key when it was refused", async () => {
    const lost = createOperator({ code: Code.Unavailable });
    await expect(refundTrip(lost.context, tripId, { reason, key: "one" })).rejects.toThrow(
      "unavailable: no; the refund may have been stored: repeat the command with --key one",
    );
    const refused = createOperator({ code: Code.OutOfRange });
    await expect(refundTrip(refused.context, tripId, { reason, key: "one" })).rejects.toMatchObject(
      {
        code: Code.OutOfRange,
        rawMessage: "no",
      },
    );
  });
});

describe("listRefunds()", () => {
  it("prints each refund with its state and why it was refused", async () => {
    const { context, lines } = createOperator();
    await listRefunds(context, tripId);
    expect(lines.join("\n")).toMatch(/^a +REQUESTED .+\nb +REFUSED .+ the card is closed$/m);
    await listRefunds(context, "another");
    expect(lines.at(-1)).toBe("The trip has no refund.");
  });

  it("prints JSON", async () => {
    const { context, lines } = createOperator({ json: true });
    await listRefunds(context, tripId);
    expect(JSON.parse(lines.join())).toMatchObject({
      refunds: [{ refundId: "a" }, { refundId: "b" }],
    });
  });
});
