import { BusError } from "@fanfare/bus";
import type { NatsConnection } from "@nats-io/nats-core";

/** An answer of JetStream's API. */
export interface ApiReply {
  readonly error?: { readonly description?: string };
}

/** A connection to NATS, and where JetStream's API is. */
export interface Api {
  readonly client: NatsConnection;
  readonly prefix: string;
}

const timeoutMs = 30_000;

/** Calls JetStream's API. Rejects with what the server refuses. */
export async function requestApi<T extends ApiReply>(
  { client, prefix }: Api,
  path: string,
  body: unknown,
): Promise<T> {
  const subject = `${prefix}.${path}`;
  const reply = await client.request(subject, JSON.stringify(body), { timeout: timeoutMs });
  const answer = reply.json<T>();
  checkReply(answer, path);
  return answer;
}

/** Sends a part of a snapshot, and returns the answer. Rejects with what the server refuses. */
export async function sendChunk(
  { client }: Api,
  subject: string,
  chunk: Uint8Array,
): Promise<void> {
  const reply = await client.request(subject, chunk, { timeout: timeoutMs });
  if (reply.data.length > 0) checkReply(reply.json(), "the snapshot");
}

function checkReply({ error }: ApiReply, what: string): void {
  if (error === undefined) return;
  throw new BusError("invalid_argument", `NATS refuses ${what}: ${error.description}`);
}
