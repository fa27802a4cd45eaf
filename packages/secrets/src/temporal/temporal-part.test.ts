import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSecrets } from "../create-secrets.ts";
import { rotateSecrets } from "../rotate-secrets.ts";
import { openSecretsFolder } from "../secrets-folder.ts";
import { replaceTokenKey } from "./token-keys.ts";

const dayMs = 24 * 3_600_000;
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const clients = ["trips", "worker", "provision", "operator"];

describe("the secrets of Temporal", () => {
  let folder: string;
  const read = (holder: string, file: string) => readFile(join(folder, holder, file), "utf8");
  const readToken = async (client: string) => (await read(client, "temporal-token")).trim();
  const readCertificate = async (client: string) =>
    new X509Certificate(await read(client, "temporal.pem"));
  const create = () => createSecrets(folder, { temporalHosts: ["temporal", "127.0.0.1"] });
  const rotate = (signal?: AbortSignal) =>
    rotateSecrets(folder, "temporal", { report: () => {}, signal });

  /** Reads the key set as the server does, and returns what verifies a token with it. */
  async function readKeySet() {
    const keys = createLocalJWKSet(JSON.parse(await read("temporal-server", "jwks.json")));
    return (token: string) => jwtVerify(token, keys, { algorithms: ["ES256"] });
  }

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true, force: true });
  });

  it("are created once a server is named, and cannot be rotated before", async () => {
    const written = await createSecrets(folder);
    expect(written.filter((file) => file.includes("temporal"))).toEqual([]);
    await expect(rotate()).rejects.toThrow(
      /^expected the secrets of Temporal in .*temporal-authority.*: run fanfare secrets --temporal <host>$/,
    );
    await create();
    expect(await createSecrets(folder)).toEqual([]);
  });

  it("give each client a token for its own role in the namespace", async () => {
    await createSecrets(folder, { temporalHosts: ["temporal"], temporalNamespace: "rides" });
    const verify = await readKeySet();
    const permissions: Record<string, unknown> = {};
    for (const client of clients) {
      const { payload } = await verify(await readToken(client));
      permissions[payload.sub ?? ""] = payload["permissions"];
    }
    expect(permissions).toEqual({
      trips: ["rides:write"],
      worker: ["rides:write"],
      provision: ["rides:admin"],
      operator: ["rides:read"],
    });
  });

  it("keep the keys that sign from the server and its clients", async () => {
    await create();
    expect(await read("temporal-server", "jwks.json")).not.toContain('"d"');
    const authority = await read("temporal-authority", "ca.key");
    for (const holder of [...clients, "temporal-server"]) {
      const file = holder === "temporal-server" ? "ca.crt" : "temporal-ca.crt";
      expect(await read(holder, file)).not.toContain("PRIVATE KEY");
    }
    expect(authority).toContain("PRIVATE KEY");
  });

  it("certify the hosts of the server, and the name alone of a client", async () => {
    await create();
    const server = new X509Certificate(await read("temporal-server", "frontend.pem"));
    expect(server.subjectAltName).toBe("DNS:temporal, IP Address:127.0.0.1");
    const authority = new X509Certificate(await read("trips", "temporal-ca.crt"));
    const trips = await readCertificate("trips");
    expect(trips.subjectAltName).toBe("DNS:trips");
    expect([server, trips].map((one) => one.verify(authority.publicKey))).toEqual([true, true]);
    const internode = new X509Certificate(await read("temporal-server", "internode.pem"));
    expect(internode.verify(authority.publicKey)).toBe(false);

    const written = await createSecrets(folder, { temporalHosts: ["temporal.example"] });
    expect(written).toEqual(["temporal-authority/settings.json", "temporal-server/frontend.pem"]);
  });

  it("are replaced in the last 30 days of their 90", async () => {
    await create();
    pass(59 * dayMs);
    expect(await create()).toEqual([]);
    pass(2 * dayMs);
    const written = await create();
    expect(written).toEqual([
      "temporal-server/frontend.pem",
      ...clients.map((client) => `${client}/temporal.pem`),
      ...clients.map((client) => `${client}/temporal-token`),
    ]);
    const days = (Date.parse((await readCertificate("trips")).validTo) - Date.now()) / dayMs;
    expect(Math.round(days)).toBe(90);
  });

  it("rotation: signs with a key that the server has already, and accepts earlier tokens for 10 minutes", async () => {
    await create();
    pass(120_000);
    const [earlier, certificate] = [await readToken("trips"), await readCertificate("trips")];
    const verifyBefore = await readKeySet();
    await rotate();
    expect((await readCertificate("trips")).fingerprint256).not.toBe(certificate.fingerprint256);
    const token = await readToken("trips");
    expect(decodeProtectedHeader(token).kid).not.toBe(decodeProtectedHeader(earlier).kid);
    await verifyBefore(token);
    await (await readKeySet())(earlier);

    pass(590_000);
    await create();
    await (await readKeySet())(earlier);
    pass(20_000);
    await create();
    const verify = await readKeySet();
    await verify(token);
    await expect(verify(earlier)).rejects.toThrow("no applicable key");
  });

  it("rotation: waits until the server has read the next key", async () => {
    await create();
    const token = await readToken("trips");
    await expect(rotate(AbortSignal.timeout(10))).rejects.toThrow("aborted");
    expect(await readToken("trips")).toBe(token);
  });

  it("rotation: is finished by the next call", async () => {
    await create();
    pass(120_000);
    const token = await readToken("worker");
    await replaceTokenKey(openSecretsFolder(folder));
    expect(await readToken("worker")).toBe(token);
    await create();
    const { kid } = decodeProtectedHeader(await readToken("worker"));
    expect(kid).not.toBe(decodeProtectedHeader(token).kid);
  });
});
