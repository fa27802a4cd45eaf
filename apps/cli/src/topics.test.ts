import { describe, expect, it } from "vitest";
import { topics } from "./topics.ts";

describe("topics", () => {
  it("are those that the protos declare", () => {
    expect(topics).toEqual(["trips.completed", "fleet.vehicles.changed"]);
  });
});
