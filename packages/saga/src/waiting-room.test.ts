import { describe, expect, it } from "vitest";
import { createWaitingRoom, type ParkedStep } from "./waiting-room.ts";

const book: ParkedStep = { step: "book", compensation: true, reason: "closed", resolvable: true };
const pay: ParkedStep = { step: "pay", compensation: false, reason: "declined", resolvable: false };

describe("createWaitingRoom()", () => {
  it("lets all go that the decision applies to", async () => {
    const room = createWaitingRoom();
    const waits = [room.wait(book), room.wait(pay)];
    expect(room.parked()).toEqual([book, pay]);
    expect(room.decide({ kind: "retry" })).toEqual(["book", "pay"]);
    expect(await Promise.all(waits)).toEqual([{ kind: "retry" }, { kind: "retry" }]);
    expect(room.parked()).toEqual([]);
  });

  it("lets only the named step go", () => {
    const room = createWaitingRoom();
    void room.wait(book);
    void room.wait(pay);
    expect(room.decide({ kind: "retry" }, "pay")).toEqual(["pay"]);
    expect(room.parked()).toEqual([book]);
  });

  it("does not resolve what can only be retried", () => {
    const room = createWaitingRoom();
    void room.wait(book);
    void room.wait(pay);
    expect(room.decide({ kind: "resolve", note: "paid in cash" })).toEqual(["book"]);
    expect(room.parked()).toEqual([pay]);
  });

  it("reaches nothing when nothing is parked", () => {
    expect(createWaitingRoom().decide({ kind: "retry" })).toEqual([]);
  });
});
