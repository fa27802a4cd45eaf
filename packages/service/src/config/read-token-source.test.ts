import { expect, it } from "vitest";
import { serviceTokenVariables } from "./auth-variables.ts";
import { readConfig } from "./load-config.ts";
import { readTokenSource } from "./read-token-source.ts";

const claims = { subject: "audit", role: "service", audience: "billing" };

function read(env: Record<string, string>) {
  const spec = { name: "audit", about: "Audits.", variables: serviceTokenVariables };
  const result = readConfig(spec, env);
  if (!result.ok) throw new Error(result.problems.join());
  return readTokenSource(result.values, claims);
}

it("takes a key or a token", () => {
  expect(read({ SERVICE_KEY_FILE: "key" })).toEqual({
    tokenKey: { file: "key", issuer: "services", ...claims },
  });
  expect(read({ SERVICE_TOKEN_FILE: "token" })).toEqual({ tokenFile: "token" });
});

it("refuses both, and neither", () => {
  expect(() => read({})).toThrow("got neither: set one");
  expect(() => read({ SERVICE_KEY_FILE: "a", SERVICE_TOKEN_FILE: "b" })).toThrow("got both");
});
