import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { paginate } from "./paginate.ts";

const numbers = Array.from({ length: 45 }, (_, at) => at + 1);

function listNumbers(request: { pageSize?: number; pageToken?: string }) {
  return paginate(
    { pageSize: 0, pageToken: "", ...request },
    {
      position: z.number(),
      fetch: async ({ after = 0, limit }) => numbers.filter((n) => n > after).slice(0, limit),
      toPosition: (n) => n,
    },
  );
}

describe("paginate()", () => {
  it("returns 20 items when the request names no page size", async () => {
    expect((await listNumbers({})).items).toEqual(numbers.slice(0, 20));
  });

  it("returns every item once over all pages, and no token with the last", async () => {
    const pages: number[][] = [];
    let pageToken = "";
    do {
      const page = await listNumbers({ pageSize: 15, pageToken });
      pages.push([...page.items]);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pages.map((page) => page.length)).toEqual([15, 15, 15]);
    expect(pages.flat()).toEqual(numbers);
  });

  it("refuses a page token that it did not issue", async () => {
    await expect(listNumbers({ pageToken: "nonsense" })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });
});
