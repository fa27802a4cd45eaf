import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAccess } from "./create-access.ts";

const hour = () => ({ exp: Math.floor(Date.now() / 1000) + 3600 });

describe("createAccess()", () => {
  let folder = "";
  let sign: Record<"people" | "worker", (claims: Record<string, unknown>) => Promise<string>>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "access-"));
    sign = {
      people: await createSigner("jwks.json", "dev-1"),
      worker: await createSigner("service-jwks.json", "worker.1"),
    };
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function createSigner(file: string, kid: string) {
    const { privateKey, publicKey } = await generateKeyPair("EdDSA");
    const keys = [{ ...(await exportJWK(publicKey)), kid }];
    await writeFile(join(folder, file), JSON.stringify({ keys }));
    return async (claims: Record<string, unknown>) => {
      const iat = Math.floor(Date.now() / 1000);
      return await new SignJWT({ iat, exp: iat + 300, ...claims })
        .setProtectedHeader({ alg: "EdDSA", kid, typ: "at+jwt" })
        .sign(privateKey);
    };
  }

  const verify = async (token: string) =>
    await createAccess({
      name: "fleet",
      jwks: join(folder, "jwks.json"),
      issuer: "people",
      audience: "fanfare",
      serviceJwks: join(folder, "service-jwks.json"),
    }).verify(token);
  const worker = { iss: "services", aud: "fleet", sub: "worker", role: "service" };
  const rider = { iss: "people", aud: "fanfare", sub: "alice", role: "rider" };

  it("accepts the token that a service signs for this one, and that of a person", async () => {
    const caller = await verify(await sign.worker(worker));
    expect(caller).toMatchObject({ role: "service", subject: "worker" });
    expect(await verify(await sign.people(rider))).toMatchObject({ role: "rider" });
  });

  it.each([
    ["for another service", { aud: "billing" }, "request one for fleet"],
    ["for people", { aud: "fanfare" }, "request one for fleet"],
    ["of another service", { sub: "trips" }, "signs for another subject"],
    ["of a rider", { role: "rider", sub: "alice" }, "one of service"],
    ["of an operator", { role: "operator" }, "one of service"],
    ["of a person's issuer", { ...rider }, "not signed with a trusted key"],
  ])("refuses a token %s that a service signs", async (_what, claims, reason) => {
    await expect(verify(await sign.worker({ ...worker, ...claims }))).rejects.toThrow(reason);
  });

  it("bounds the life of a token of a service", async () => {
    const token = await sign.worker({ ...worker, ...hour() });
    await expect(verify(token)).rejects.toThrow("600 s are allowed");
    const issued = await sign.people({ ...worker, iss: "people", exp: hour().exp + 90_000 });
    await expect(verify(issued)).rejects.toThrow("86400 s are allowed");
  });

  it("requires its own name in a token of a service that the main issuer signs", async () => {
    const issued = { ...worker, iss: "people", ...hour() };
    const several = await sign.people({ ...issued, aud: ["billing", "fleet"] });
    expect(await verify(several)).toMatchObject({ subject: "worker" });
    const people = await sign.people({ ...issued, aud: "fanfare" });
    await expect(verify(people)).rejects.toThrow("request one for fleet");
  });

  it("refuses a person's key that signs as a service", async () => {
    await expect(verify(await sign.people(worker))).rejects.toThrow("not signed with a trusted");
  });
});
