import { z } from "zod";
import type { ServerTls } from "../server/server-tls.ts";
import type { ConfigValues, Variable } from "./variable.ts";
import { defineVariable } from "./variable.ts";

type ClientCertificate = "required" | "none";

const clientCertificate = z
  .enum(["required", "none"], { error: "it is neither required nor none" })
  .optional();

/**
 * Defines the variable that states whether callers need a certificate. `fallback` applies where it is unset.
 *
 * @example
 * const edge = defineClientCertificateVariable("none"); // riders have no certificate
 */
export function defineClientCertificateVariable(
  fallback?: ClientCertificate,
): Variable<ClientCertificate | undefined> {
  return defineVariable(
    "TLS_CLIENT_CERTIFICATE",
    clientCertificate.transform((value) => value ?? fallback),
    {
      about:
        "required or none: whether callers of PORT need a certificate of TLS_CA_FILE." +
        (fallback === undefined ? " Required by default with TLS_CA_FILE." : ""),
      example: "required",
    },
  );
}

/** The certificates of a process, for its server and for its calls to other services. */
export const tlsVariables = {
  tlsCertFile: defineVariable("TLS_CERT_FILE", z.string().min(1).optional(), {
    about: "Certificate of this process (PEM), reread when it changes. Turns TLS on.",
    example: "./tls/app.crt",
  }),
  tlsKeyFile: defineVariable("TLS_KEY_FILE", z.string().min(1).optional(), {
    about: "Private key of TLS_CERT_FILE, reread when it changes.",
    example: "./tls/app.key",
  }),
  tlsCaFile: defineVariable("TLS_CA_FILE", z.string().min(1).optional(), {
    about: "Authorities (PEM) that the servers and callers of this process are checked against.",
    example: "./tls/ca.crt",
  }),
  tlsClientCertificate: defineClientCertificateVariable(),
};

/**
 * Returns the files of the TLS variables, as `serve` and `createServiceTransport` take them; undefined
 * when none is set. Throws when only some are set of those that need each other.
 *
 * @example
 * const config = loadConfig({ name: "audit", about: "The audit log.", variables: tlsVariables });
 * const tls = readTlsFiles(config);
 * using transport = createServiceTransport({ baseUrl: "https://billing:8083", tls });
 */
export function readTlsFiles(config: ConfigValues<typeof tlsVariables>): ServerTls | undefined {
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsCaFile: caFile } = config;
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile, keyFile, caFile, clientCertificate: config.tlsClientCertificate };
  }
  const files = { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_CA_FILE: caFile };
  const set = Object.entries(files).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (set.length === 0) return undefined;
  throw new Error(
    `expected TLS_CERT_FILE and TLS_KEY_FILE, got ${set.join(" and ")} alone: set both, or none of the three`,
  );
}
