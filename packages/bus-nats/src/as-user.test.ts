import { describe, expect, it } from "vitest";
import { asUser } from "./as-user.ts";

describe("asUser()", () => {
  it("says nothing without credentials", () => {
    expect(asUser("revenue", {})).toEqual({});
    expect(asUser("revenue", { user: undefined, password: "secret" })).toEqual({});
  });

  it("takes what is provisioned, and an inbox of its own", () => {
    expect(asUser("revenue", { user: "revenue", password: "secret" })).toEqual({
      user: "revenue",
      password: "secret",
      inboxPrefix: "_INBOX_revenue",
      provision: false,
    });
    expect(asUser("audit", { credentialsFile: "/run/audit.creds" })).toEqual({
      credentialsFile: "/run/audit.creds",
      inboxPrefix: "_INBOX_audit",
      provision: false,
    });
  });
});
