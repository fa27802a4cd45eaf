import { afterEach, describe, expect, it, vi } from "vitest";
import { createStateFolder } from "./state-folder.ts";

afterEach(() => vi.unstubAllEnvs());

describe("createStateFolder()", () => {
  it("refuses a folder that cannot be written to", () => {
    vi.stubEnv("FANFARE_STATE", "/dev/null");
    expect(() => createStateFolder()).toThrow(
      "expected a folder that can be written to, got /dev/null (EEXIST): set FANFARE_STATE to another one",
    );
  });
});
