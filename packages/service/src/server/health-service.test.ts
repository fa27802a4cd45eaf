import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../gen/grpc/health/v1/health_pb.ts";

const connectHealth = ({ server }: Echo) =>
  createClient(Health, createGrpcTransport({ baseUrl: server.healthUrl ?? "" }));

const broken = { checks: { database: () => Promise.reject(new Error("no connection")) } };

describe("grpc.health.v1", () => {
  it("answers for the server and for each of its services without a token", async () => {
    await using echo = await startEcho();
    const health = connectHealth(echo);
    expect((await health.check({})).status).toBe(Status.SERVING);
    const service = "fanfare.echo.v1.EchoService";
    expect((await health.check({ service })).status).toBe(Status.SERVING);
    await expect(health.check({ service: "x.Y" })).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("does not serve while a check fails", async () => {
    await using echo = await startEcho({}, broken);
    expect((await connectHealth(echo).check({})).status).toBe(Status.NOT_SERVING);
  });

  it("sends each change to watchers", async () => {
    let works = false;
    const check = () => (works ? Promise.resolve() : Promise.reject(new Error("not yet")));
    await using echo = await startEcho({}, { checks: { check } });
    const statuses: Status[] = [];
    for await (const { status } of connectHealth(echo).watch({})) {
      statuses.push(status);
      works = true;
      if (statuses.length === 2) break;
    }
    expect(statuses).toEqual([Status.NOT_SERVING, Status.SERVING]);
  });
});

describe("/healthz and /readyz", () => {
  it("answer 200 when every check passes", async () => {
    await using echo = await startEcho();
    expect((await fetch(`${echo.server.healthUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${echo.server.healthUrl}/readyz`)).status).toBe(200);
  });

  it("answer 200 while a dependency of some calls is away, and show it as degraded", async () => {
    const dependencies = { temporal: () => Promise.reject(new Error("at secret.internal:7233")) };
    await using echo = await startEcho({}, { dependencies });
    const ready = await fetch(`${echo.server.healthUrl}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { ready: true, failing: {} },
    });
    const alive = await fetch(`${echo.server.healthUrl}/healthz`);
    expect(await alive.json()).toEqual({
      alive: true,
      parts: {
        tokens: { state: "ok", since: expect.any(String) },
        "token-keys": { state: "ok", since: expect.any(String) },
        temporal: { state: "degraded", since: expect.any(String) },
      },
    });
  });

  it("answer 200 and 503 while a check fails, with its reason", async () => {
    await using echo = await startEcho({}, broken);
    expect((await fetch(`${echo.server.healthUrl}/healthz`)).status).toBe(200);
    const response = await fetch(`${echo.server.healthUrl}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, failing: { database: "no connection" } });
  });
});
