import { describe, expect, it } from "vitest";
import { checkSpace, explainFullDisk } from "./disk-space.ts";

const megabyte = 2 ** 20;

describe("checkSpace()", () => {
  it("accepts a disk with exactly as much space as is needed", async () => {
    await expect(
      checkSpace("/data", 3 * megabyte, async () => 3 * megabyte),
    ).resolves.toBeUndefined();
  });

  it("refuses a disk with less, and states both", async () => {
    await expect(checkSpace("/data", 3 * megabyte, async () => megabyte)).rejects.toThrow(
      "expected 3 MB free for /data, found 1 MB: free space, or name a folder on another disk",
    );
  });

  it("reads the free space of the disk", async () => {
    await checkSpace("/", 0);
    await expect(checkSpace("/", 1e18)).rejects.toThrow(
      /expected \d+ MB free for \/, found \d+ MB/,
    );
  });
});

describe("explainFullDisk()", () => {
  it.each([{ code: "ENOSPC" }, { code: "EDQUOT" }, { code: "ERR_SQLITE_ERROR", errcode: 13 }])(
    "explains %o",
    (fields) => {
      const error = Object.assign(new Error("full"), fields);
      expect(explainFullDisk(error, "/data")).toMatchObject({
        message: expect.stringMatching("expected room in /data, found a full disk \\(full\\)"),
      });
    },
  );

  it("returns other errors as they are", () => {
    const error = Object.assign(new Error("denied"), { code: "EACCES" });
    expect(explainFullDisk(error, "/data")).toBe(error);
  });
});
