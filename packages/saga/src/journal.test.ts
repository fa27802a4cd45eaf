import { describe, expect, it } from "vitest";
import { createJournal } from "./journal.ts";

function clock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2030, 0, 1, 0, 0, seconds++));
}

describe("createJournal()", () => {
  it("keeps the steps in the order in which they began, each with its times", () => {
    const journal = createJournal(clock());
    const book = journal.begin("book");
    const pay = journal.begin("pay");
    pay.failed("declined");
    book.done();
    book.compensating();
    book.compensated();
    expect(journal.steps()).toEqual([
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

  it("shows what is parked, and that it was resolved by hand", () => {
    const journal = createJournal(clock());
    const book = journal.begin("book");
    book.compensating();
    book.parked("the hotel is closed");
    expect(journal.steps()[0]).toMatchObject({ state: "parked", error: "the hotel is closed" });
    book.resumed(true);
    book.noted("called them");
    expect(journal.steps()[0]).toMatchObject({ state: "compensating", note: "called them" });
  });

  it("refuses a second step of the same name", () => {
    const journal = createJournal(clock());
    journal.begin("book");
    expect(() => journal.begin("book")).toThrow("the saga has two steps named book");
  });
});
