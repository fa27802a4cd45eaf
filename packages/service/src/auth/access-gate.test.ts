import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { createIssuer } from "../../test/issuer.ts";

const now = () => Math.floor(Date.now() / 1000);
const say = { body: { text: "hello" } };

describe("createAccessGate()", () => {
  it("refuses a call without a token, and explains how to send one", async () => {
    await using echo = await startEcho();
    const { status, body } = await echo.post("Say", { ...say, token: undefined });
    expect(status).toBe(401);
    expect(body.code).toBe("unauthenticated");
    expect(body.message).toContain("authorization: Bearer");
  });

  it.each([
    ["an expired token", () => ({ exp: now() - 60 }), "the token expired at 20"],
    ["a token that never expires", () => ({ exp: undefined }), "has no expiry"],
    ["a token for another audience", () => ({ aud: "x" }), "request one for the-audience"],
    ["a token from another issuer", () => ({ iss: "x" }), "request one from the-issuer"],
    ["a token without a subject", () => ({ sub: "" }), 'a "sub" and a "role"'],
    ["a token with another role", () => ({ role: "admin" }), 'a "sub" and a "role"'],
  ])("refuses %s", async (_name, claims, reason) => {
    await using echo = await startEcho();
    const { status, body } = await echo.post("Say", {
      ...say,
      token: await echo.issuer.mint(claims()),
    });
    expect(status).toBe(401);
    expect(body.code).toBe("unauthenticated");
    expect(body.message).toContain(reason);
  });

  it("refuses a token of an unknown signer, and a text that is no token", async () => {
    await using echo = await startEcho();
    await using other = await createIssuer();
    const stranger = await echo.post("Say", { ...say, token: await other.mint() });
    expect(stranger.body.code).toBe("unauthenticated");
    expect(stranger.body.message).toContain("not signed with a trusted key");
    await other.rotate();
    const unknown = await echo.post("Say", { ...say, token: await other.mint() });
    expect(unknown.body.message).toContain("none has its kid and alg");
    const nonsense = await echo.post("Say", { ...say, token: "nonsense" });
    expect(nonsense.body.code).toBe("unauthenticated");
    expect(nonsense.body.message).toContain("not a valid JSON Web Token");
  });

  it("refuses a role that the method does not allow", async () => {
    await using echo = await startEcho();
    const token = await echo.issuer.mint({ role: "operator" });
    const { status, body } = await echo.post("Say", { ...say, token });
    expect(status).toBe(403);
    expect(body.code).toBe("permission_denied");
    expect(body.message).toBe(
      "fanfare.echo.v1.EchoService/Say requires the role rider or service: the token has the role operator",
    );
  });

  it("refuses a method that allows no role, whoever calls it", async () => {
    await using echo = await startEcho();
    for (const role of ["rider", "operator", "service"]) {
      const { body } = await echo.post("Forget", { token: await echo.issuer.mint({ role }) });
      expect(body.code).toBe("permission_denied");
      expect(body.message).toContain("no role is allowed to");
    }
  });

  it("refuses before it reads the body", async () => {
    await using echo = await startEcho();
    const { body } = await echo.post("Say", { token: undefined, body: "not JSON" });
    expect(body.code).toBe("unauthenticated");
  });
});
