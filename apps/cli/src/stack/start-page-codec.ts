import { createAccess } from "@fanfare/access";
import { createPayloadCodec } from "@fanfare/saga/codec";
import { codecKeysFile, type DevKeys, mintToken, openSecretsFolder } from "@fanfare/secrets";
import { loadConfig } from "@fanfare/service";
import { payloadVariables } from "@fanfare/trip-contract/payloads";
import { startCodecServer } from "../codec-server/start-codec-server.ts";

/** The codec server of Temporal's page. */
export interface PageCodec extends AsyncDisposable {
  /** What the page calls, with a token in its path. */
  readonly endpoint: string;
}

/** Options of {@link startPageCodec}. */
export interface PageCodecOptions {
  readonly secretsFolder: string;
  readonly keys: DevKeys;
  readonly port: number;
  /** The port of Temporal's page. */
  readonly pagePort: number;
}

/** Only the codec server accepts it: who opens the page on this machine may read, and do nothing else. */
const audience = "temporal-page";
/** A stack may run for as long as its page has a token. */
const tokenDays = 30;

/**
 * Starts the codec server of a development server's page, which has no users: whoever can open the page reads
 * what is encrypted in Temporal's database.
 */
export async function startPageCodec(options: PageCodecOptions): Promise<PageCodec> {
  const { secretsFolder, keys, port, pagePort } = options;
  const file = openSecretsFolder(secretsFolder).locate("keys", codecKeysFile);
  const { codecKeys } = loadConfig(
    { name: "codec-server", about: "Decrypts payloads of Temporal.", variables: payloadVariables },
    { env: { TEMPORAL_CODEC_KEYS_FILE: file }, argv: [] },
  );
  const server = await startCodecServer({
    host: "127.0.0.1",
    port,
    codec: createPayloadCodec(codecKeys),
    verifier: createAccess({
      name: "codec-server",
      jwks: keys.jwksFile,
      issuer: keys.issuer,
      audience,
      maxLifetimeSeconds: tokenDays * 86_400,
    }),
    namespace: "default",
    origins: [`http://127.0.0.1:${pagePort}`, `http://localhost:${pagePort}`],
  });
  const claims = {
    role: "operator",
    subject: "temporal-page",
    expiresIn: `${tokenDays}d`,
  } as const;
  const token = await mintToken(keys, { ...claims, audience });
  return {
    endpoint: `${server.url}/${token}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
