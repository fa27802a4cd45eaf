import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ErasureSchema } from "@fanfare/contracts/riders/v1/riders";
import { describe, expect, it } from "vitest";
import { explainFailure, formatErasure } from "./erase-command.ts";

const at = timestampFromDate(new Date("2026-05-01T10:00:00Z"));
const erased = (app: string) => ({ app, confirmedAt: at, kept: [`the books of ${app}`] });

describe("riders erase", () => {
  it("prints each app and what it keeps, and succeeds once all have confirmed", () => {
    const apps = [erased("riders"), erased("trips")];
    const erasure = create(ErasureSchema, { riderId: "r", begunAt: at, completedAt: at, apps });
    expect(formatErasure(erasure)).toEqual([
      "riders  erased",
      "trips   erased",
      "",
      "Kept:",
      "riders  the books of riders",
      "trips   the books of trips",
    ]);
    expect(explainFailure(erasure, 60)).toBeUndefined();
  });

  it("names the apps that have not confirmed in time, with their errors", () => {
    const apps = [erased("riders"), { app: "billing", lastError: "billing is down" }];
    const erasure = create(ErasureSchema, { riderId: "r", begunAt: at, apps });
    expect(formatErasure(erasure)[1]).toBe("billing  not confirmed: billing is down");
    expect(explainFailure(erasure, 60)).toContain("no confirmation of billing within 60 s");
  });

  it("names trips when the erasure has not begun, and the refusal when there is one", () => {
    expect(explainFailure(create(ErasureSchema, { riderId: "r" }), 5)).toContain(
      "of trips within 5 s",
    );
    const refused = create(ErasureSchema, { riderId: "r", refusal: "trip 1 is ACTIVE" });
    expect(explainFailure(refused, 5)).toBe("the erasure was refused: trip 1 is ACTIVE");
  });
});
