import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createIssuer } from "../../test/issuer.ts";
import { createMultiIssuerVerifier } from "./multi-issuer-verifier.ts";

async function start() {
  const stack = new AsyncDisposableStack();
  const people = stack.use(await createIssuer());
  const services = stack.use(await createIssuer());
  const options = { ...services.trust, issuer: "services", audience: "fleet", roles: ["service"] };
  const verifier = createMultiIssuerVerifier([people.trust, options]);
  const service = { iss: "services", aud: "fleet", role: "service", sub: "worker" };
  return { stack, people, services, verifier, service };
}

describe("createMultiIssuerVerifier()", () => {
  it("verifies a token with the keys of its issuer alone", async () => {
    const { stack, people, services, verifier, service } = await start();
    await using _ = stack;
    expect(await verifier.verify(await people.mint())).toMatchObject({ role: "rider" });
    const token = await services.mint(service);
    expect(await verifier.verify(token)).toMatchObject({ role: "service", subject: "worker" });
    const unsigned = "not signed with a trusted key";
    await expect(verifier.verify(await services.mint())).rejects.toThrow(unsigned);
    await expect(verifier.verify(await people.mint(service))).rejects.toThrow(unsigned);
  });

  it("refuses what an issuer may not state, tokens of other issuers, and what is no token", async () => {
    const { stack, people, services, verifier, service } = await start();
    await using _ = stack;
    const refusals: [string, string][] = [
      [await services.mint({ ...service, role: "operator" }), "one of service"],
      [await services.mint({ ...service, aud: "billing" }), "request one for fleet"],
      [await people.mint({ iss: "elsewhere" }), "request one from the-issuer"],
      [await people.mint({ iss: "__proto__" }), "request one from the-issuer"],
      ["nonsense", "not a valid JSON Web Token"],
    ];
    for (const [token, reason] of refusals) {
      await expect(verifier.verify(token)).rejects.toThrow(reason);
    }
  });

  it("is ready when the keys of every issuer can be read", async () => {
    const { stack, services, verifier } = await start();
    await using _ = stack;
    await rm(services.trust.jwks);
    await expect(verifier.assertReady()).rejects.toThrow("ENOENT");
    await expect(verifier.assertFresh()).rejects.toThrow("ENOENT");
    await services.rotate();
    await verifier.assertReady();
    await verifier.assertFresh();
  });

  it("refuses two issuers of one name", async () => {
    await using issuer = await createIssuer();
    expect(() => createMultiIssuerVerifier([issuer.trust, issuer.trust])).toThrow("rename one");
  });
});
