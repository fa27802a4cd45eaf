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

/** A call of a trip's saga, before the service receives it or after it has answered. */
export interface Point {
  readonly step: string;
  readonly compensation: boolean;
  readonly side: "before" | "after";
}

/** A proxy between the worker and the services that holds calls back. */
export interface Gates extends AsyncDisposable {
  /** The URL that the worker uses for all services. */
  readonly url: string;
  /**
   * Holds the trip's call at a point until the gates open. Resolves once the call waits there. Rejects
   * when no call arrives within a minute.
   */
  hold(tripId: string, point: Point): Promise<void>;
  /** Lets all held calls pass, also those whose caller is gone. */
  open(): void;
}

type Service = "trips" | "fleet" | "billing";

const compensating = /\/(VoidTab|Refund|CancelTripRecord)$/;

/**
 * Forwards the worker's unary calls to the services. A call whose service exits is refused, as on a lost
 * connection.
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

  async function forward(headers: IncomingHttpHeaders, body: Buffer) {
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
      const { reply, body } = await forward(headers, request);
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

/** Returns a name for a call from its idempotency-key. A compensation has the key of its step. */
function identifyCall(headers: IncomingHttpHeaders): string {
  const key = String(headers["idempotency-key"]);
  const path = headers[":path"] ?? "";
  const compensation =
    compensating.test(path) ||
    (path.endsWith("/ReleaseVehicle") && key.endsWith("/reserve-vehicle"));
  return compensation ? `${key}:compensate` : key;
}
