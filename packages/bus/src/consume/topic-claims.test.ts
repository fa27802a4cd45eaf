import { describe, expect, it } from "vitest";
import { createTopicClaims } from "./topic-claims.ts";

describe("createTopicClaims()", () => {
  it("rejects a topic that the group has claimed, and claims nothing then", () => {
    const claims = createTopicClaims();
    claims.claim("readers", ["notes.read"]);
    const claim = () => claims.claim("readers", ["notes.written", "notes.read"]);
    expect(claim).toThrow(expect.objectContaining({ code: "already_bound" }));
    claims.claim("readers", ["notes.written"]);
    claims.claim("writers", ["notes.read"]);
  });

  it("releases a claim once", () => {
    const claims = createTopicClaims();
    const release = claims.claim("readers", ["notes.read"]);
    release();
    claims.claim("readers", ["notes.read"]);
    release();
    expect(() => claims.claim("readers", ["notes.read"])).toThrow(
      "notes.read for the group readers",
    );
  });
});
