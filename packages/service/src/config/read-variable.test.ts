import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readVariable } from "./read-variable.ts";

describe("readVariable()", () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "variable-"));
    file = join(folder, "database-url");
    writeFileSync(file, "postgres://fleet@127.0.0.1/fleet\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("reads the environment", () => {
    expect(readVariable("HOST", { HOST: " 0.0.0.0 " })).toBe("0.0.0.0");
    expect(readVariable("HOST", { HOST: " " })).toBeUndefined();
    expect(readVariable("HOST", {})).toBeUndefined();
  });

  it("reads the file that is named instead", () => {
    const url = readVariable("DATABASE_URL", { DATABASE_URL_FILE: file, DATABASE_URL: "" });
    expect(url).toBe("postgres://fleet@127.0.0.1/fleet");
  });

  it("refuses a file that cannot be read", () => {
    const env = { DATABASE_URL_FILE: join(folder, "missing") };
    expect(() => readVariable("DATABASE_URL", env)).toThrow(
      /^DATABASE_URL_FILE cannot be read: ENOENT.*missing/,
    );
  });

  it("refuses to choose between a value and a file", () => {
    const env = { DATABASE_URL: "x", DATABASE_URL_FILE: file };
    expect(() => readVariable("DATABASE_URL", env)).toThrow(
      "DATABASE_URL and DATABASE_URL_FILE are both set: unset one",
    );
  });
});
