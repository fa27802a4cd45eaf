import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appNames, servesCalls } from "@fanfare/topology";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSecretsFolder, type SecretsFolder } from "./secrets-folder.ts";
import { createServiceKeys, rotateServiceKeys } from "./service-keys.ts";

const report = () => {};
const callers = ["worker", "billing", "riders", "notifications"];

describe("the keys of services", () => {
  let folder: SecretsFolder;
  const parse = async (holder: string, file: string) =>
    JSON.parse(await readFile(folder.locate(holder, file), "utf8"));
  const readSigner = async (app = "worker"): Promise<string> =>
    (await parse(app, "service-key.json")).kid;
  const readSigners = async () => await Promise.all(callers.map(readSigner));
  const readKeys = async (holder = "fleet"): Promise<{ kid: string; exp?: number }[]> =>
    (await parse(holder, "service-jwks.json")).keys;

  beforeEach(async () => {
    folder = openSecretsFolder(await mkdtemp(join(tmpdir(), "fanfare-test-")));
    await createServiceKeys(folder);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder.path, { recursive: true });
  });

  it("gives the apps that call others keys of their own, and every service the public halves", async () => {
    const signers = await readSigners();
    expect(signers).toEqual([
      expect.stringMatching(/^worker\.[0-9a-f]{8}$/),
      expect.stringMatching(/^billing\.[0-9a-f]{8}$/),
      expect.stringMatching(/^riders\.[0-9a-f]{8}$/),
      expect.stringMatching(/^notifications\.[0-9a-f]{8}$/),
    ]);
    for (const app of appNames.filter(servesCalls)) {
      expect(await readKeys(app)).toEqual(
        signers.map((kid) => expect.objectContaining({ kid, kty: "OKP", alg: "EdDSA" })),
      );
      for (const key of await readKeys(app)) expect(key).not.toHaveProperty("d");
    }
  });

  it("rotation: publishes a new key to all services, signs with it, then retires the earlier one", async () => {
    const earlier = await readSigner();
    const steps: string[] = [];
    await rotateServiceKeys(
      {
        ...folder,
        async write(holder, file, text) {
          const { keys, kid = "" } = JSON.parse(text);
          const retired = keys?.some(({ exp }: { exp?: number }) => exp !== undefined);
          const what = keys ? `${keys.length} keys${retired ? ", some retired" : ""}` : kid;
          if (["fleet", "worker"].includes(holder)) steps.push(`${holder}: ${what}`);
          await folder.write(holder, file, text);
        },
      },
      report,
    );
    const fresh = await readSigner();
    expect(fresh).not.toBe(earlier);
    expect(steps).toEqual(["fleet: 8 keys", `worker: ${fresh}`, "fleet: 8 keys, some retired"]);
  });

  it("rotation: removes the earlier key once its tokens have expired", async () => {
    await rotateServiceKeys(folder, report);
    const [{ exp = 0 } = {}] = await readKeys();
    expect(exp * 1000 - Date.now()).toBeGreaterThan(5 * 60_000);
    await createServiceKeys(folder);
    expect(await readKeys()).toHaveLength(8);
    vi.useFakeTimers({ toFake: ["Date"], now: (exp + 1) * 1000 });
    await createServiceKeys(folder);
    expect((await readKeys()).map(({ kid }) => kid)).toEqual(await readSigners());
  });

  it("rotation: recovers from one that ended before the new key signed", async () => {
    const earlier = await readSigner();
    const interrupted: SecretsFolder = {
      ...folder,
      async write(holder, file, text) {
        if (holder === "worker") throw new Error("interrupted");
        await folder.write(holder, file, text);
      },
    };
    await expect(rotateServiceKeys(interrupted, report)).rejects.toThrow("interrupted");
    expect(await readSigner()).toBe(earlier);
    await rotateServiceKeys(folder, report);
    const signing = (await readKeys()).filter(({ exp }) => exp === undefined);
    expect(signing.map(({ kid }) => kid)).toEqual(await readSigners());
  });
});
