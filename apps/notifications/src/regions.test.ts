import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { describe, expect, it } from "vitest";
import { createRegions } from "./regions.ts";

const { signal } = new AbortController();

function answer(getRegion: () => { locale: string; timeZone: string }) {
  return createRegions(
    createRouterTransport(({ service }) => service(RidersService, { getRegion })),
  );
}

function refuse(code: Code) {
  return answer(() => {
    throw new ConnectError("away", code);
  });
}

describe("createRegions()", () => {
  it("returns the language and time zone of a rider", async () => {
    const region = { locale: "de-AT", timeZone: "Europe/Vienna" };
    expect(await answer(() => region).find("rosa", { signal })).toEqual(region);
  });

  it("returns undefined for a rider who was erased", async () => {
    expect(await refuse(Code.NotFound).find("rosa", { signal })).toBeUndefined();
  });

  it.each([Code.Unavailable, Code.DeadlineExceeded, Code.Internal, Code.PermissionDenied])(
    "rejects when riders answers with code %i, as no language is known",
    async (code) => {
      await expect(refuse(code).find("rosa", { signal })).rejects.toMatchObject({ code });
    },
  );
});
