import { describe, expect, it } from "vitest";
import { asUser } from "./as-user.ts";

describe("asUser()", () => {
  it("says nothing without credentials", () => {
    expect(asUser("pricing", {})).toEqual({});
    expect(asUser("pricing", { user: undefined, password: "secret" })).toEqual({});
  });

  it("takes what is provisioned, and an inbox of its own", () => {
    expect(asUser("pricing", { user: "pricing", password: "secret" })).toEqual({
      user: "pricing",
      password: "secret",
      inboxPrefix: "_INBOX_pricing",
      provision: false,
    });
    expect(asUser("audit", { credentialsFile: "/run/audit.creds" })).toEqual({
      credentialsFile: "/run/audit.creds",
      inboxPrefix: "_INBOX_audit",
      provision: false,
    });
  });
});
