import { describe, expect, it } from "vitest";
import { createUserOptions } from "./create-user-options.ts";

describe("createUserOptions()", () => {
  it("returns no options without credentials", () => {
    expect(createUserOptions("revenue", {})).toEqual({});
    expect(createUserOptions("revenue", { user: undefined, password: "secret" })).toEqual({});
  });

  it("returns the credentials, a private inbox, and provision: false", () => {
    expect(createUserOptions("revenue", { user: "revenue", password: "secret" })).toEqual({
      user: "revenue",
      password: "secret",
      inboxPrefix: "_INBOX_revenue",
      provision: false,
    });
    expect(createUserOptions("trips", { servers: "nats://trips:secret@127.0.0.1" })).toEqual({
      inboxPrefix: "_INBOX_trips",
      provision: false,
    });
    expect(createUserOptions("trips", { servers: "nats://127.0.0.1" })).toEqual({});
    expect(createUserOptions("audit", { credentialsFile: "/run/audit.creds" })).toEqual({
      credentialsFile: "/run/audit.creds",
      inboxPrefix: "_INBOX_audit",
      provision: false,
    });
    expect(createUserOptions("audit", { nkeyFile: "/run/audit.nk" })).toEqual({
      nkeyFile: "/run/audit.nk",
      inboxPrefix: "_INBOX_audit",
      provision: false,
    });
  });
});
