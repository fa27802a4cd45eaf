import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, createAuthority } from "@fanfare/dev-stack";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openTemporalSettings, readTemporalSettings } from "./temporal-settings.ts";

async function readBytes(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(file));
}

describe("Temporal's settings", () => {
  let folder: string;
  let authority: Authority;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "temporal-settings-"));
    authority = await createAuthority(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => void vi.useRealTimers());

  it("default to a development server without TLS, and ignore empty variables", () => {
    const local = { address: "127.0.0.1:7233", namespace: "default" };
    expect(readTemporalSettings({})).toEqual(local);
    expect(readTemporalSettings({ TEMPORAL_ADDRESS: "", TEMPORAL_TLS: " " })).toEqual(local);
  });

  it("turn TLS on with an API key, also from a file, unless TEMPORAL_TLS is false", async () => {
    const cloud = { TEMPORAL_ADDRESS: "eu.tmprl.cloud:7233", TEMPORAL_NAMESPACE: "trips.a1b2c" };
    const settings = { address: "eu.tmprl.cloud:7233", namespace: "trips.a1b2c", apiKey: "secret" };
    expect(readTemporalSettings({ ...cloud, TEMPORAL_API_KEY: "secret" })).toEqual({
      ...settings,
      tls: true,
    });
    const file = join(folder, "api-key");
    await writeFile(file, "secret\n");
    const withFile = { ...cloud, TEMPORAL_API_KEY_FILE: file };
    expect(readTemporalSettings(withFile)).toEqual({ ...settings, tls: true });
    const plain = readTemporalSettings({ ...withFile, TEMPORAL_TLS: "false" });
    expect(plain).toEqual({ ...settings, tls: false });
  });

  it("read a profile that is named, and not that of the user", async () => {
    const file = join(folder, "temporal.toml");
    await writeFile(
      file,
      '[profile.default]\naddress = "one:7233"\n[profile.prod]\naddress = "two:7233"\nnamespace = "prod"\napi_key = "k"\n',
    );
    expect(readTemporalSettings({ HOME: folder, XDG_CONFIG_HOME: folder }).address).toBe(
      "127.0.0.1:7233",
    );
    expect(readTemporalSettings({ TEMPORAL_CONFIG_FILE: file }).address).toBe("one:7233");
    const prod = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: "prod" };
    expect(readTemporalSettings({ ...prod, TEMPORAL_NAMESPACE: "trips" })).toEqual({
      address: "two:7233",
      namespace: "trips",
      apiKey: "k",
      tls: true,
    });
  });

  it("rotation: are read again within a second, and stay while the files do not fit together", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const files = await authority.issue("app");
    const read = openTemporalSettings({
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.caFile,
      TEMPORAL_TLS_CLIENT_CERT_PATH: files.certFile,
      TEMPORAL_TLS_CLIENT_KEY_PATH: files.keyFile,
      TEMPORAL_TLS_SERVER_NAME: "temporal.internal",
    });
    const before = read();
    const [crt, key, ca] = await Promise.all(
      [files.certFile, files.keyFile, files.caFile].map(readBytes),
    );
    expect(before.tls).toEqual({
      serverNameOverride: "temporal.internal",
      serverRootCACertificate: ca,
      clientCertPair: { crt, key },
    });

    await authority.issue("app");
    const newKey = await readBytes(files.keyFile);
    await writeFile(files.keyFile, key ?? "");
    vi.advanceTimersByTime(1_000);
    expect(read()).toEqual(before);
    await writeFile(files.keyFile, newKey);
    expect(read()).toEqual(before);
    vi.advanceTimersByTime(1_000);
    const pair = { crt: await readBytes(files.certFile), key: newKey };
    expect(read().tls).toMatchObject({ clientCertPair: pair });
  });

  it("are refused with a certificate alone, and with a file that is missing", () => {
    const missing = join(folder, "none.crt");
    expect(() => readTemporalSettings({ TEMPORAL_TLS_CLIENT_CERT_PATH: missing })).toThrow(
      /^expected a client certificate for Temporal and its key, got one alone: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH/,
    );
    expect(() => readTemporalSettings({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: missing })).toThrow(
      /ENOENT.*none\.crt/,
    );
  });
});
