import { describe, expect, it } from "vitest";
import { distributeRequests } from "./distribute-requests.ts";

describe("distributeRequests()", () => {
  it("gives requests to the consumers with the fewest", () => {
    expect(distributeRequests(4, [3, 0, 1])).toEqual([0, 3, 1]);
    expect(distributeRequests(7, [0, 0, 0])).toEqual([3, 2, 2]);
    expect(distributeRequests(5, [9])).toEqual([5]);
  });

  it("gives nothing when there is nothing to give", () => {
    expect(distributeRequests(0, [1, 2])).toEqual([0, 0]);
  });
});
