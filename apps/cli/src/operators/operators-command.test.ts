import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Action, EntrySchema } from "@fanfare/contracts/operators/v1/operators";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { expect, it } from "vitest";
import { formatEntries } from "./operators-command.ts";

const decided = { operator: "otto", decidedAt: timestampFromDate(new Date(0)) };
const terminal = {
  line: () => {},
  colour: (_colour: string, text: string) => text,
};

it("prints the states before and after each decision that has them", () => {
  const parked = { status: TripStatus.NEEDS_ATTENTION, reason: "capture: declined" };
  const entries = [
    create(EntrySchema, {
      ...decided,
      action: Action.RETRY_TRIP,
      subject: "trip-1",
      details: "capture",
      before: { state: { case: "trip", value: { ...parked, version: 7n } } },
      after: {
        state: {
          case: "trip",
          value: { ...parked, version: 8n, decision: "otto retried capture" },
        },
      },
    }),
    create(EntrySchema, {
      ...decided,
      action: Action.DISCARD_DEAD_LETTERS,
      subject: "revenue",
      details: "outcome: 2 discarded",
      reason: "spoilt",
      before: { state: { case: "deadLetters", value: { stored: 2 } } },
      after: { state: { case: "deadLetters", value: { stored: 0 } } },
    }),
    create(EntrySchema, { ...decided, action: Action.CANCEL_TRIP, subject: "trip-2" }),
  ];
  expect(formatEntries(entries, terminal)).toEqual([
    "DECIDED              OPERATOR  ACTION                SUBJECT  DETAILS               REASON",
    "1970-01-01 00:00:00  otto      RETRY_TRIP            trip-1   capture",
    "  before: NEEDS_ATTENTION, version 7; capture: declined",
    "  after:  NEEDS_ATTENTION, version 8; capture: declined; otto retried capture",
    "1970-01-01 00:00:00  otto      DISCARD_DEAD_LETTERS  revenue  outcome: 2 discarded  spoilt",
    "  before: 2 of the dead letters stored",
    "  after:  0 of the dead letters stored",
    "1970-01-01 00:00:00  otto      CANCEL_TRIP           trip-2   -",
  ]);
});
