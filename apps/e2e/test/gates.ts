import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { buffer } from "node:stream/consumers";
import { waitUntil } from "@fanfare/dev-stack";

/** Point is a call of a trip's saga, before the service gets it or after it has answered. */
export interface Point {
  readonly step: string;
  readonly compensation: boolean;
  readonly side: "before" | "after";
}

/** Gates stand between the worker and the services, and hold calls back. */
export interface Gates extends AsyncDisposable {
  /** Where the worker is to find all of the services. */
  readonly url: string;
  /**
   * hold resolves once a call of the trip waits at the point, where it stays until the gates open.
   * Rejects when none comes for a minute.
   */
  hold(tripId: string, point: Point): Promise<void>;
  /** open lets all calls pass, also those whose caller is gone by now. */
  open(): void;
}

type Service = "trips" | "fleet" | "billing";

const compensating = /\/(VoidTab|Refund|CancelTripRecord)$/;

/**
 * startGates listens for the worker's calls, all of them unary, and passes them on to where the
 * services are. A call whose service goes away is refused like a connection that is lost.
 */
export async function startGates(findUrl: (service: Service) => string): Promise<Gates> {
  const held = new Map<string, { reached: boolean }>();
  let opened = Promise.withResolvers<void>();
  const sessions = new Map<string, ClientHttp2Session>();

  function sessionTo(service: Service): ClientHttp2Session {
    const known = sessions.get(service);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(findUrl(service));
    session.on("error", () => {});
    sessions.set(service, session);
    return session;
  }

  async function ask(headers: IncomingHttpHeaders, body: Buffer) {
    const { ":authority": _, ...others } = headers;
    const call = sessionTo(findService(headers)).request(others);
    const answered = once(call, "response");
    call.end(body);
    const [reply]: OutgoingHttpHeaders[] = await answered;
    return { reply, body: await buffer(call) };
  }

  async function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on("error", () => {});
    const at = async (side: Point["side"]): Promise<void> => {
      const waiting = held.get(`${identifyCall(headers)}:${side}`);
      if (waiting === undefined) return;
      waiting.reached = true;
      await opened.promise;
    };
    try {
      const request = await buffer(stream);
      await at("before");
      const { reply, body } = await ask(headers, request);
      await at("after");
      if (stream.destroyed) return;
      stream.respond(reply);
      stream.end(body);
    } catch {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }
  }

  const server = createServer();
  server.on("session", (session) => session.on("error", () => {}));
  server.on("stream", (stream, headers) => void pass(stream, headers));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");

  function open(): void {
    opened.resolve();
    opened = Promise.withResolvers();
    held.clear();
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    async hold(tripId, { step, compensation, side }) {
      const call = `trip/${tripId}/${step}${compensation ? ":compensate" : ""}`;
      const gate = { reached: false };
      held.set(`${call}:${side}`, gate);
      await waitUntil(() => gate.reached, {
        what: `${call} to wait ${side} its service`,
        timeoutMs: 60_000,
      });
    },
    open,
    async [Symbol.asyncDispose]() {
      open();
      for (const session of sessions.values()) session.destroy();
      server.close();
    },
  };
}

function findService({ ":path": path = "" }: IncomingHttpHeaders): Service {
  if (path.startsWith("/fleet.")) return "fleet";
  return path.startsWith("/billing.") ? "billing" : "trips";
}

/** callOf names a call by its idempotency-key, which a compensation has from its step. */
function identifyCall(headers: IncomingHttpHeaders): string {
  const key = String(headers["idempotency-key"]);
  const path = headers[":path"] ?? "";
  const compensation =
    compensating.test(path) ||
    (path.endsWith("/ReleaseVehicle") && key.endsWith("/reserve-vehicle"));
  return compensation ? `${key}:compensate` : key;
}
