import { createSecureContext } from "node:tls";
import { defineRotatingVariable, defineVariable, readVariable } from "@fanfare/service";
import {
  type ClientConfigProfile,
  loadClientConfigProfile,
  toClientOptions,
} from "@temporalio/envconfig";
import { z } from "zod";

/** Where Temporal is, and how to authenticate there. */
export interface TemporalSettings {
  /** Such as 127.0.0.1:7233. */
  readonly address: string;
  readonly namespace: string;
  /** The contents of the files; `true` is TLS with the authorities of the system. Default: no TLS. */
  readonly tls?: TemporalTls | boolean;
  readonly apiKey?: string;
  /** Headers of every request. */
  readonly metadata?: Record<string, string>;
}

/** The certificates of a connection to Temporal, as its SDK takes them. */
export interface TemporalTls {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Uint8Array;
  readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
}

const optional = z.string().min(1).optional();

/** Where Temporal is, by the variables that Temporal's own tools read. */
export const temporalVariables = {
  temporalAddress: defineVariable("TEMPORAL_ADDRESS", optional, {
    about: "host:port of Temporal. 127.0.0.1:7233 by default.",
    example: "127.0.0.1:7233",
  }),
  temporalNamespace: defineVariable("TEMPORAL_NAMESPACE", optional, {
    about: "Namespace of the trips' workflows. Named default by default.",
    example: "default",
  }),
  temporalApiKey: defineRotatingVariable("TEMPORAL_API_KEY", optional, {
    about: "API key of Temporal Cloud, or the token of another server. Turns TLS on.",
    secret: true,
  }),
  temporalTls: defineVariable("TEMPORAL_TLS", optional, {
    about: "true: TLS with the authorities of the system; false: none, whatever else is set.",
    example: "true",
  }),
  temporalServerCa: defineVariable("TEMPORAL_TLS_SERVER_CA_CERT_PATH", optional, {
    about: "Authority of the server (PEM), reread when it changes, as the two that follow.",
    example: "./tls/ca.crt",
  }),
  temporalCert: defineVariable("TEMPORAL_TLS_CLIENT_CERT_PATH", optional, {
    about: "Certificate of this client (PEM).",
    example: "./tls/app.crt",
  }),
  temporalKey: defineVariable("TEMPORAL_TLS_CLIENT_KEY_PATH", optional, {
    about: "Private key of the certificate.",
    example: "./tls/app.key",
  }),
  temporalServerName: defineVariable("TEMPORAL_TLS_SERVER_NAME", optional, {
    about: "Name that the server's certificate is checked for, where it is not the host.",
    example: "temporal.internal",
  }),
  temporalConfigFile: defineVariable("TEMPORAL_CONFIG_FILE", optional, {
    about: "Profile file of Temporal's tools. The variables override it.",
    example: "./temporal.toml",
  }),
  temporalProfile: defineVariable("TEMPORAL_PROFILE", optional, {
    about: "Profile of that file.",
    example: "default",
  }),
};

const rereadIntervalMs = 1000;

/**
 * Opens the settings that the variables name, and returns a function that reads them again, at most once
 * a second: a changed file applies to the connections that follow. While a file is missing or invalid, it
 * returns the last valid settings. Throws when the first ones are invalid.
 *
 * The profile file is read when TEMPORAL_CONFIG_FILE or TEMPORAL_PROFILE is set. Unlike Temporal's tools,
 * a service does not read the profile of the user who starts it.
 *
 * @example
 * const readSettings = openTemporalSettings(process.env);
 * readSettings().address; // "127.0.0.1:7233"
 */
export function openTemporalSettings(
  env: Readonly<Record<string, string | undefined>>,
): () => TemporalSettings {
  let settings = readTemporalSettings(env);
  let readAt = performance.now();
  return () => {
    const now = performance.now();
    if (now - readAt < rereadIntervalMs) return settings;
    readAt = now;
    try {
      settings = readTemporalSettings(env);
    } catch {
      // The files are being replaced.
    }
    return settings;
  };
}

/**
 * Reads the settings that the variables name. Throws with the reason when they are invalid.
 *
 * @example
 * readTemporalSettings({ TEMPORAL_API_KEY: "secret" }).tls; // true
 */
export function readTemporalSettings(
  env: Readonly<Record<string, string | undefined>>,
): TemporalSettings {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith("TEMPORAL_") && value?.trim()) known[name] = value.trim();
  }
  const apiKey = readVariable("TEMPORAL_API_KEY", env);
  if (apiKey !== undefined) known["TEMPORAL_API_KEY"] = apiKey;
  const { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: profileName } = known;
  const profile = loadClientConfigProfile({
    overrideEnvVars: known,
    disableFile: file === undefined && profileName === undefined,
  });
  return toSettings(profile);
}

function toSettings(profile: ClientConfigProfile): TemporalSettings {
  const { address = "127.0.0.1:7233", namespace = "default", apiKey, grpcMeta } = profile;
  if ((profile.tls?.clientCert === undefined) !== (profile.tls?.clientKey === undefined)) {
    throw new Error(
      "expected a client certificate for Temporal and its key, got one alone: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or none",
    );
  }
  const { tls } = toClientOptions(profile).connectionOptions;
  if (typeof tls === "object" && tls !== null) checkCertificates(tls);
  return {
    address,
    namespace,
    ...(tls === undefined || tls === null ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(grpcMeta === undefined ? {} : { metadata: grpcMeta }),
  };
}

/** Throws when the key does not match the certificate. */
function checkCertificates({ serverRootCACertificate: ca, clientCertPair }: TemporalTls): void {
  createSecureContext({
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  });
}
