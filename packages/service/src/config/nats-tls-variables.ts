import { z } from "zod";
import type { ConfigValues } from "./variable.ts";
import { defineVariable } from "./variable.ts";

const path = z.string().min(1).optional();

/** The certificates of a connection to NATS. The files are read at each connect. */
export const natsTlsVariables = {
  natsCaFile: defineVariable("NATS_CA_FILE", path, {
    about: "Authority of NATS (PEM), reread at each connect. Refuses a server without TLS.",
    example: "./tls/ca.crt",
  }),
  natsCertFile: defineVariable("NATS_CERT_FILE", path, {
    about: "Certificate of this process for NATS (PEM), reread at each connect.",
    example: "./tls/app.crt",
  }),
  natsKeyFile: defineVariable("NATS_KEY_FILE", path, {
    about: "Private key of NATS_CERT_FILE.",
    example: "./tls/app.key",
  }),
  natsTlsFirst: defineVariable(
    "NATS_TLS_FIRST",
    z
      .stringbool({ truthy: ["true"], falsy: ["false"], error: "it is neither true nor false" })
      .default(false),
    {
      about: "Whether TLS begins before the server's greeting (handshake_first of the server).",
      example: "true",
    },
  ),
};

/** The option `tls` of `connectNats` of `@fanfare/bus-nats`; empty when no variable is set. */
export interface NatsTls {
  readonly tls?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly handshakeFirst?: boolean;
  };
}

/**
 * Returns the TLS options of the NATS variables, to spread into those of `connectNats`. Throws for a
 * certificate without its key.
 *
 * @example
 * const config = loadConfig({ name: "audit", about: "The audit log.", variables: natsTlsVariables });
 * readNatsTls(config); // { tls: { caFile: "./tls/ca.crt" } }
 */
export function readNatsTls(config: ConfigValues<typeof natsTlsVariables>): NatsTls {
  const { natsCaFile: caFile, natsCertFile: certFile, natsKeyFile: keyFile } = config;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new Error(
      `expected NATS_CERT_FILE and NATS_KEY_FILE, got ${certFile === undefined ? "NATS_KEY_FILE" : "NATS_CERT_FILE"} alone: set both, or none`,
    );
  }
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(config.natsTlsFirst ? { handshakeFirst: true } : {}),
  };
  return Object.keys(tls).length === 0 ? {} : { tls };
}
