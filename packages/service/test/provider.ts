import { createServer, type ServerResponse } from "node:http";
import { vi } from "vitest";
import { createTokenVerifier, type TokenVerifier } from "../src/auth/token-verifier.ts";
import { createIssuer, type Issuer } from "./issuer.ts";

/** An identity provider whose answers a test chooses, and a verifier that trusts it. */
export interface Provider extends AsyncDisposable {
  readonly issuer: Issuer;
  readonly verifier: TokenVerifier;
  /** How many requests it got. */
  requests: number;
  /** Answers the requests. Default: the issuer's key set. */
  answer: (response: ServerResponse) => void;
}

/** Starts an identity provider. The options are those of its verifier. */
export async function startProvider(options = {}): Promise<Provider> {
  const issuer = await createIssuer();
  const server = createServer((_request, response) => {
    provider.requests += 1;
    provider.answer(response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const jwks = `http://127.0.0.1:${port}/jwks`;
  const provider: Provider = {
    issuer,
    verifier: createTokenVerifier({ ...issuer.trust, jwks, ...options }),
    requests: 0,
    answer: (response) => response.end(JSON.stringify(issuer.jwks)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await issuer[Symbol.asyncDispose]();
    },
  };
  return provider;
}

/** Returns an answer of 200 with a JSON document. */
export const json = (body: unknown) => (response: ServerResponse) =>
  response.end(JSON.stringify(body));

/** A clock that a test moves, of what the verifier measures. Its timeouts are a fifth as long. */
export function mockClock(): { advance(ms: number): void } {
  let offset = 0;
  const readClock = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => readClock() + offset);
  const createTimeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => createTimeout(ms / 5));
  return {
    advance(ms) {
      offset += ms;
    },
  };
}
