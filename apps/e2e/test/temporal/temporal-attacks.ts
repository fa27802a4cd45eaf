import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@fanfare/dev-stack";
import { Connection, isGrpcServiceError } from "@temporalio/client";
import { generateKeyPair, importJWK, type JWK, SignJWT } from "jose";

/** A Temporal server, and the folder of secrets that it was started with. */
export interface AttackedTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly secrets: string;
  /** Addresses of the server's own parts. */
  readonly internal?: readonly string[];
}

type Tls =
  | boolean
  | { readonly ca: Uint8Array; readonly cert?: Uint8Array; readonly key?: Uint8Array };
type Call = (connection: Connection, namespace: string) => Promise<unknown>;

/** Asks for the update that ends a trip, of a trip that does not exist. */
const endTrip: Call = ({ workflowService }, namespace) =>
  workflowService.updateWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: "trip/unknown" },
    request: { meta: { updateId: "attack" }, input: { name: "end" } },
  });

const describeNamespace: Call = ({ workflowService }, namespace) =>
  workflowService.describeNamespace({ namespace });
const listNamespaces: Call = ({ workflowService }) => workflowService.listNamespaces({});
const registerNamespace: Call = ({ workflowService }) =>
  workflowService.registerNamespace({ namespace: "stolen" });
const keyword = 2;
const addSearchAttribute: Call = ({ operatorService }, namespace) =>
  operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries([["Stolen", keyword]]),
  });
const deleteNamespace: Call = ({ operatorService }, namespace) =>
  operatorService.deleteNamespace({ namespace });

const codes: Readonly<Record<number, string>> = {
  5: "not found",
  7: "permission denied",
  14: "no connection",
};

/**
 * Calls Temporal with each combination of certificate and token that an attacker may have, and returns what
 * answers each. A call that is permitted finds no trip: "not found".
 */
export async function attackTemporal(target: AttackedTemporal): Promise<Record<string, string>> {
  const { address, namespace, secrets } = target;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-attack-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const stranger = await (await createAuthority(folder)).issue("trips");

  const read = (client: string, file: string) => readFile(join(secrets, client, file));
  const readToken = async (client: string, file = "temporal-token") =>
    String(await read(client, file)).trim();
  const ca = await read("trips", "temporal-ca.crt");
  const own = async (client: string) => {
    const pem = await read(client, "temporal.pem");
    return { ca, cert: pem, key: pem };
  };
  const trips = await own("trips");
  const token = await readToken("trips");
  const keys = JSON.parse(await readToken("temporal-authority", "token-keys.json"));
  const { privateKey }: { privateKey: JWK } = keys.current;
  const { kid = "" } = privateKey;
  const signer = await importJWK(privateKey, "ES256");
  const { privateKey: otherSigner } = await generateKeyPair("ES256");
  const serviceKey: JWK = JSON.parse(await readToken("worker", "service-key.json"));

  const sign = async ({
    permission = `${namespace}:write`,
    exp = 3600,
    key = signer,
    alg = "ES256",
    id = kid,
  } = {}) =>
    await new SignJWT({ permissions: [permission] })
      .setProtectedHeader({ alg, kid: id })
      .setSubject("trips")
      .setExpirationTime(Math.floor(Date.now() / 1000) + exp)
      .sign(key);
  const attempt = (tls: Tls, apiKey: string | undefined, call: Call = endTrip, at = namespace) =>
    callTemporal({ address, tls, apiKey }, (connection) => call(connection, at));

  const outcomes: Record<string, string> = {
    "trips' own certificate and token": await attempt(trips, token),
    "no TLS": await attempt(false, undefined),
    "no certificate": await attempt({ ca }, token),
    "a certificate of another authority": await attempt(
      { ca, cert: await readFile(stranger.certFile), key: await readFile(stranger.keyFile) },
      token,
    ),
    "no token": await attempt(trips, undefined),
    "no token for the state of the namespace": await attempt(trips, undefined, describeNamespace),
    "an expired token": await attempt(trips, await sign({ exp: -1 })),
    "a token of another key": await attempt(trips, await sign({ key: otherSigner })),
    "a token of a service's key": await attempt(
      trips,
      await sign({
        key: await importJWK(serviceKey, "EdDSA"),
        alg: "EdDSA",
        id: serviceKey.kid ?? "",
      }),
    ),
    "a token without a signature": await attempt(trips, removeSignature(await sign())),
    "a token of an app of another namespace": await attempt(
      trips,
      await sign({ permission: "other:admin" }),
    ),
    "an operator's token": await attempt(await own("operator"), await readToken("operator")),
    "trips in another namespace": await attempt(trips, token, endTrip, "other"),
    "trips in the system's namespace": await attempt(
      trips,
      token,
      describeNamespace,
      "temporal-system",
    ),
    "trips lists namespaces": await attempt(trips, token, listNamespaces),
    "trips creates a namespace": await attempt(trips, token, registerNamespace),
    "trips adds a search attribute": await attempt(trips, token, addSearchAttribute),
    "trips deletes the namespace": await attempt(trips, token, deleteNamespace),
    "provisioning in another namespace": await attempt(
      await own("provision"),
      await readToken("provision"),
      addSearchAttribute,
      "other",
    ),
  };
  for (const internal of target.internal ?? []) {
    const call = (connection: Connection) => endTrip(connection, namespace);
    const at = { address: internal, tls: trips, apiKey: undefined };
    outcomes[`the server's own port ${internal}`] = await callTemporal(at, call);
  }
  return outcomes;
}

/** What {@link attackTemporal} returns for a server that refuses all but its clients. */
export function describeRefusals(internal: readonly string[] = []): Record<string, string> {
  const closed = ["no TLS", "no certificate", "a certificate of another authority"];
  const denied = [
    "no token",
    "no token for the state of the namespace",
    "an expired token",
    "a token of another key",
    "a token of a service's key",
    "a token without a signature",
    "a token of an app of another namespace",
    "an operator's token",
    "trips in another namespace",
    "trips in the system's namespace",
    "trips lists namespaces",
    "trips creates a namespace",
    "trips adds a search attribute",
    "trips deletes the namespace",
    "provisioning in another namespace",
  ];
  const ports = internal.map((address) => `the server's own port ${address}`);
  return {
    "trips' own certificate and token": "not found",
    ...Object.fromEntries([...closed, ...ports].map((name) => [name, "no connection"])),
    ...Object.fromEntries(denied.map((name) => [name, "permission denied"])),
  };
}

async function callTemporal(
  { address, tls, apiKey }: { address: string; tls: Tls; apiKey: string | undefined },
  call: (connection: Connection) => Promise<unknown>,
): Promise<string> {
  const connection = Connection.lazy({
    address,
    tls:
      typeof tls === "boolean"
        ? tls
        : {
            serverNameOverride: "temporal",
            serverRootCACertificate: tls.ca,
            ...(tls.cert && tls.key && { clientCertPair: { crt: tls.cert, key: tls.key } }),
          },
    ...(apiKey === undefined ? {} : { apiKey }),
    // A refusal is not tried again.
    interceptors: [],
  });
  try {
    await connection.withDeadline(Date.now() + 10_000, () => call(connection));
    return "permitted";
  } catch (error) {
    return (isGrpcServiceError(error) && codes[error.code]) || String(error);
  } finally {
    await connection.close();
  }
}

function removeSignature(token: string): string {
  const [, claims = ""] = token.split(".");
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
  return `${header}.${claims}.`;
}
