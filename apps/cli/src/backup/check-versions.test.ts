import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codecKeysFile, createSecrets, openSecretsFolder } from "@fanfare/secrets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateFormat } from "../stack/state-format.ts";
import { checkCodecKeys, checkPostgresVersion, checkStateVersion } from "./check-versions.ts";
import { readCodecKeyIds } from "./codec-key-ids.ts";
import type { Manifest } from "./manifest.ts";

let secrets: string;
let ids: string[];
beforeAll(async () => {
  secrets = await mkdtemp(join(tmpdir(), "check-versions-"));
  await createSecrets(secrets);
  ids = await readCodecKeyIds(openSecretsFolder(secrets));
});
afterAll(() => rm(secrets, { recursive: true }));

function createManifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    kind: "fanfare backup",
    format: 1,
    stateFormat,
    postgresVersion: "18.4",
    codecKeys: ids,
    began: "2026-01-01T10:00:00.000Z",
    instant: "2026-01-01T10:00:01.000Z",
    files: { "temporal/temporal.db": { bytes: 1, sha256: "" } },
    ...changes,
  };
}

const readMinorVersion = async () => "postgres (PostgreSQL) 18.9";
const readMajorVersion = async () => "postgres (PostgreSQL) 19.0";

describe("checkStateVersion()", () => {
  it("accepts data of this format alone", () => {
    checkStateVersion("/b", createManifest());
    const other = createManifest({ stateFormat: stateFormat + 1 });
    expect(() => checkStateVersion("/b", other)).toThrow(
      `expected data of format ${stateFormat} in /b, found ${stateFormat + 1}: restore it with`,
    );
  });
});

describe("checkPostgresVersion()", () => {
  it("accepts another minor version", async () => {
    await expect(
      checkPostgresVersion("/b", createManifest(), readMinorVersion),
    ).resolves.toBeUndefined();
  });

  it("refuses another major version", async () => {
    await expect(checkPostgresVersion("/b", createManifest(), readMajorVersion)).rejects.toThrow(
      "expected the files of PostgreSQL 19 in /b, found those of PostgreSQL 18: ",
    );
  });
});

describe("checkCodecKeys()", () => {
  it("accepts keys of which further ones are known", async () => {
    await expect(checkCodecKeys(createManifest(), secrets)).resolves.toBeUndefined();
    const none = createManifest({ codecKeys: [] });
    await expect(checkCodecKeys(none, secrets)).resolves.toBeUndefined();
  });

  it("refuses workflows whose key is missing", async () => {
    await expect(
      checkCodecKeys(createManifest({ codecKeys: ["0000", ...ids] }), secrets),
    ).rejects.toThrow(
      `expected the codec keys 0000 in ${secrets}, found ${ids.join(", ")}: restore the secrets first`,
    );
  });

  it("needs no key where the backup has no workflows", async () => {
    const without = createManifest({ codecKeys: ["0000"], files: {} });
    await expect(checkCodecKeys(without, secrets)).resolves.toBeUndefined();
  });

  it("states that there are no keys at all", async () => {
    await openSecretsFolder(secrets).remove("keys", codecKeysFile);
    await expect(checkCodecKeys(createManifest(), secrets)).rejects.toThrow("found none");
  });
});
