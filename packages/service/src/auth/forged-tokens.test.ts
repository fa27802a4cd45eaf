import { Code } from "@connectrpc/connect";
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { type Provider, startProvider } from "../../test/provider.ts";

describe("a token that no key signed", () => {
  it.each([
    ["without an algorithm", async () => new UnsecuredJWT({ role: "rider" }).encode()],
    [
      "signed with the public key as a secret",
      async ({ issuer }: Provider) => {
        const { publicKey } = await generateKeyPair("EdDSA", { extractable: true });
        const secret = new TextEncoder().encode(await exportSPKI(publicKey));
        const kid = issuer.jwks.keys[0]?.kid ?? "";
        return await new SignJWT({ role: "operator" })
          .setProtectedHeader({ alg: "HS256", kid })
          .sign(secret);
      },
    ],
    ["of three empty parts", async () => ".."],
    ["with a header that is no JSON", async () => "YQ.YQ.YQ"],
    [
      "with an expiry that is no time",
      async ({ issuer }: Provider) => issuer.mint({ exp: -1e300 }),
    ],
    ["with a text as its expiry", async ({ issuer }: Provider) => issuer.mint({ exp: "soon" })],
  ])("is refused %s", async (_name, mint) => {
    await using provider = await startProvider();
    await expect(provider.verifier.verify(await mint(provider))).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });
});

describe("the clock of the issuer", () => {
  it("may be off by the leeway", async () => {
    await using provider = await startProvider({ leewaySeconds: 30 });
    const now = Math.floor(Date.now() / 1000);
    const mint = (claims: Record<string, unknown>) => provider.issuer.mint(claims);
    const { verifier } = provider;
    await expect(verifier.verify(await mint({ exp: now - 20 }))).resolves.toBeDefined();
    await expect(verifier.verify(await mint({ nbf: now + 20 }))).resolves.toBeDefined();
    await expect(verifier.verify(await mint({ exp: now - 60 }))).rejects.toThrow("expired");
    await expect(verifier.verify(await mint({ nbf: now + 60 }))).rejects.toThrow("not valid yet");
  });
});
