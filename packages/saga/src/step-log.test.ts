import { describe, expect, it } from "vitest";
import { createStepLog } from "./step-log.ts";

function clock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2030, 0, 1, 0, 0, seconds++));
}

describe("createStepLog()", () => {
  it("lists the steps with their times, in the order in which they began", () => {
    const log = createStepLog(clock());
    const book = log.start("book");
    const pay = log.start("pay");
    pay.failed("declined");
    book.done();
    book.compensating();
    book.compensated();
    expect(log.list()).toEqual([
      {
        name: "book",
        state: "compensated",
        startedAt: "2030-01-01T00:00:00.000Z",
        finishedAt: "2030-01-01T00:00:03.000Z",
        compensationStartedAt: "2030-01-01T00:00:04.000Z",
        compensatedAt: "2030-01-01T00:00:05.000Z",
      },
      {
        name: "pay",
        state: "failed",
        startedAt: "2030-01-01T00:00:01.000Z",
        finishedAt: "2030-01-01T00:00:02.000Z",
        error: "declined",
      },
    ]);
  });

  it("records a parked step and the note that resolved it", () => {
    const log = createStepLog(clock());
    const book = log.start("book");
    book.compensating();
    book.parked("the hotel is closed");
    expect(log.list()[0]).toMatchObject({ state: "parked", error: "the hotel is closed" });
    book.resumed(true);
    book.resolved("called them");
    expect(log.list()[0]).toMatchObject({ state: "compensating", note: "called them" });
  });

  it("throws on a second step of the same name", () => {
    const log = createStepLog(clock());
    log.start("book");
    expect(() => log.start("book")).toThrow("the saga has two steps named book");
  });
});
