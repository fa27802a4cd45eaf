import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { echoRoles as allowedRoles } from "../test/echo.ts";
import { getCaller } from "./auth/caller.ts";
import { EchoService } from "./gen/fanfare/echo/v1/echo_pb.ts";
import type { Routes } from "./server/routes.ts";
import { createTestTransport } from "./testing.ts";

const rider1 = { role: "rider", subject: "rider-1" };
const olga = { role: "operator", subject: "olga" };

const routes: Routes = (router) => {
  router.service(EchoService, {
    say(_request, context) {
      return { text: getCaller(context).subject };
    },
    repeat() {
      throw new Error("unforeseen");
    },
  });
};

describe("createTestTransport()", () => {
  it("calls routes as the caller", async () => {
    const transport = createTestTransport(routes, { caller: rider1, allowedRoles });
    expect((await createClient(EchoService, transport).say({ text: "x" })).text).toBe("rider-1");
  });

  it("refuses the calls that a server refuses", async () => {
    const rider = createTestTransport(routes, { caller: rider1, allowedRoles });
    const operator = createTestTransport(routes, { caller: olga, allowedRoles });
    await expect(createClient(EchoService, rider).say({ text: "" })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    await expect(createClient(EchoService, operator).say({ text: "x" })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    await expect(createClient(EchoService, rider).forget({})).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    const stream = createClient(EchoService, rider).repeat({ text: "x" });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: Code.Internal,
    });
  });
});
