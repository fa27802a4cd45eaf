import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImpl } from "@connectrpc/connect";
import type { Access } from "../src/auth/access-gate.ts";
import { createTokenVerifier } from "../src/auth/token-verifier.ts";
import { EchoService } from "../src/gen/fanfare/echo/v1/echo_pb.ts";
import type { Routes } from "../src/server/routes.ts";
import { serve } from "../src/server/serve.ts";
import type { ServeOptions } from "../src/server/serve-options.ts";
import type { Server } from "../src/server/start-server.ts";
import type { Issuer } from "./issuer.ts";
import { createIssuer } from "./issuer.ts";
import { createRecordedLogger } from "./recorded-logger.ts";

/** A running EchoService with an issuer of tokens for it. */
export interface Echo extends AsyncDisposable {
  readonly server: Server;
  readonly issuer: Issuer;
  readonly lines: Record<string, unknown>[];
  /** Calls a method in JSON over HTTP/1.1. */
  post(method: string, options?: PostOptions): Promise<EchoResponse>;
  /** A client interceptor that sends a rider's token. */
  readonly asRider: Interceptor;
}

interface PostOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

interface EchoResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { code?: string; message?: string; text?: string; details?: unknown };
}

/** Returns the roles that may call a method of the EchoService. */
export function echoRoles({ localName }: DescMethod): readonly string[] {
  if (localName === "say") return ["rider", "service"];
  return localName === "repeat" ? ["rider"] : [];
}

/** Serves the EchoService on a free port. The arguments replace its methods and options. */
export async function startEcho(
  methods: Partial<ServiceImpl<typeof EchoService>> = {},
  options: Partial<ServeOptions> = {},
  limits: Pick<Access, "limits" | "anonymousLimits"> = {},
): Promise<Echo> {
  const issuer = await createIssuer();
  const { logger, lines } = createRecordedLogger();
  const server = await serve({
    host: "127.0.0.1",
    port: 0,
    healthPort: 0,
    routes: createEchoRoutes(methods),
    access: { ...createTokenVerifier(issuer.trust), allowedRoles: echoRoles, ...limits },
    logger,
    ...options,
  });
  const token = await issuer.mint();
  return {
    server,
    issuer,
    lines,
    async post(method, call = {}) {
      const bearer = "token" in call ? call.token : token;
      const response = await fetch(`${server.url}/fanfare.echo.v1.EchoService/${method}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...call.headers,
        },
        body: typeof call.body === "string" ? call.body : JSON.stringify(call.body ?? {}),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: JSON.parse(await response.text()),
      };
    },
    asRider: (next) => async (request) => {
      request.header.set("authorization", `Bearer ${token}`);
      return await next(request);
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

function createEchoRoutes(methods: Partial<ServiceImpl<typeof EchoService>>): Routes {
  return (router) => {
    router.service(EchoService, {
      say: ({ text }) => ({ text }),
      async *repeat({ text }) {
        yield { text };
        yield { text };
      },
      forget: () => ({}),
      ...methods,
    });
  };
}
