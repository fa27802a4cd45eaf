import { afterEach, describe, expect, it, vi } from "vitest";
import { createStateFolder } from "./state-folder.ts";

afterEach(() => vi.unstubAllEnvs());

describe("createStateFolder()", () => {
  it("rejects a folder that cannot be written to", async () => {
    vi.stubEnv("FANFARE_STATE", "/dev/null");
    await expect(createStateFolder()).rejects.toThrow(
      "expected a folder that can be written to, got /dev/null (EEXIST): set FANFARE_STATE to another one",
    );
  });
});
