import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { authVariables, serviceTokenVariables } from "./auth-variables.ts";
import { readConfig } from "./load-config.ts";
import {
  databaseVariables,
  defineAddressVariable,
  definePortVariable,
  natsVariables,
  readNatsCredentials,
  serverVariables,
} from "./standard-variables.ts";
import { defineVariable } from "./variable.ts";

const spec = {
  name: "fleet",
  about: "Vehicles.",
  variables: {
    ...serverVariables,
    ...authVariables,
    ...databaseVariables,
    ...serviceTokenVariables,
    port: definePortVariable("PORT", 8082),
    billingUrl: defineAddressVariable(
      "BILLING_URL",
      "http://127.0.0.1:8083",
      "The billing service.",
    ),
    note: defineVariable("NOTE", z.string().optional(), "A note."),
  },
};

const enough = {
  AUTH_JWKS: "jwks.json",
  DATABASE_URL: "postgres://fleet:secret-word@127.0.0.1:5433/fleet",
  SERVICE_TOKEN_FILE: "token",
};

describe("readConfig()", () => {
  it("reads each variable, and uses the default for an unset or empty one", () => {
    expect(readConfig(spec, { ...enough, PORT: "9000", HOST: "" })).toEqual({
      ok: true,
      values: {
        healthPort: 9080,
        host: "127.0.0.1",
        port: 9000,
        trustedProxies: [],
        callRates: {},
        leewaySeconds: 5,
        logLevel: "info",
        maxLifetimeSeconds: 86_400,
        maxStaleKeysMs: 86_400_000,
        types: ["at+jwt"],
        reflection: false,
        jwks: "jwks.json",
        issuer: "fanfare",
        algorithms: ["EdDSA", "Ed25519"],
        audience: "fanfare",
        databaseUrl: expect.any(Function),
        databasePooler: "none",
        serviceJwks: undefined,
        serviceIssuer: "services",
        serviceKeyFile: undefined,
        serviceTokenFile: "token",
        billingUrl: "http://127.0.0.1:8083",
        note: undefined,
      },
    });
  });

  it.each([
    ["PORT", "eighty", 'PORT is "eighty", but it is not a number.', "for example PORT=8082"],
    ["PORT", "70000", 'PORT is "70000", but it is above 65535.', "for example PORT=8082"],
    ["AUTH_JWKS", " ", "AUTH_JWKS is not set.", "for example AUTH_JWKS=./dev-keys/jwks.json"],
    ["REFLECTION", "maybe", 'REFLECTION is "maybe", but it is neither true nor', "REFLECTION=true"],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL is "loud", but it is none of trace,', "LOG_LEVEL=info"],
    ["BILLING_URL", "x", 'BILLING_URL is "x", but it is not an http address.', "BILLING_URL=http"],
    ["BILLING_URL", "ftp://me:word@b", 'BILLING_URL is "ftp://***@b", but', "BILLING_URL=http"],
  ])("reports %s=%s with what was found and a valid value", (name, value, found, advice) => {
    const result = readConfig(spec, { ...enough, [name]: value });
    if (result.ok) throw new Error("the environment was accepted");
    expect(result.problems).toHaveLength(1);
    expect(result.problems[0]).toContain(found);
    expect(result.problems[0]).toContain(advice);
  });

  it("reports all invalid variables at once", () => {
    const result = readConfig(spec, { PORT: "x" });
    if (result.ok) throw new Error("the environment was accepted");
    expect(result.problems.map((problem) => problem.split(" ")[0])).toEqual([
      "PORT",
      "AUTH_JWKS",
      "DATABASE_URL",
    ]);
  });

  it("reports the file that cannot be read", () => {
    const env = { ...enough, DATABASE_URL: "", DATABASE_URL_FILE: "/no/such/file" };
    const result = readConfig(spec, env);
    if (result.ok) throw new Error("the environment was accepted");
    expect(result.problems).toEqual([expect.stringContaining("DATABASE_URL_FILE cannot be read")]);
  });

  it("rotation: reads a file again, and keeps the last valid value meanwhile", () => {
    const folder = mkdtempSync(join(tmpdir(), "load-config-"));
    const [user, password] = [join(folder, "user"), join(folder, "password")];
    writeFileSync(user, "audit");
    writeFileSync(password, "first\n");
    const nats = { name: "audit", about: "Events.", variables: natsVariables };
    const result = readConfig(nats, { NATS_USER_FILE: user, NATS_PASSWORD_FILE: password });
    if (!result.ok) throw new Error(result.problems.join());
    const credentials = readNatsCredentials(result.values);
    const read = () => [credentials.user?.(), credentials.password?.()];
    expect(read()).toEqual(["audit", "first"]);
    writeFileSync(password, "second\n");
    expect(read()).toEqual(["audit", "second"]);
    rmSync(folder, { recursive: true });
    expect(read()).toEqual(["audit", "second"]);
  });

  it("has no NATS credentials where none are set", () => {
    const result = readConfig({ name: "audit", about: "Events.", variables: natsVariables }, {});
    if (!result.ok) throw new Error(result.problems.join());
    const { user, password } = readNatsCredentials(result.values);
    expect({ user, password }).toEqual({ user: undefined, password: undefined });
  });

  it("does not print a secret", () => {
    const result = readConfig(spec, { ...enough, DATABASE_URL: "mysql://root:secret-word@x" });
    expect(JSON.stringify(result)).toContain("DATABASE_URL is set, but it is not a PostgreSQL");
    expect(JSON.stringify(result)).not.toContain("secret-word");
  });
});
