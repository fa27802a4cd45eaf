import type { ServiceTransportOptions } from "../client/service-transport.ts";
import type { TokenKey } from "../client/token-signer.ts";
import type { serviceTokenVariables } from "./auth-variables.ts";
import type { ConfigValues } from "./variable.ts";

/**
 * Returns where the tokens for calls to one service come from, as `createServiceTransport` takes it. Throws
 * unless exactly one of SERVICE_KEY_FILE and SERVICE_TOKEN_FILE is set.
 *
 * @example
 * const config = loadConfig({ name: "audit", about: "Audits.", variables: serviceTokenVariables });
 * const source = readTokenSource(config, { subject: "audit", role: "service", audience: "billing" });
 * using transport = createServiceTransport({ baseUrl: "https://billing:8083", ...source });
 */
export function readTokenSource(
  config: ConfigValues<typeof serviceTokenVariables>,
  claims: Pick<TokenKey, "subject" | "role" | "audience">,
): Pick<ServiceTransportOptions, "tokenKey" | "tokenFile"> {
  const { serviceKeyFile: file, serviceTokenFile: tokenFile, serviceIssuer: issuer } = config;
  if (file !== undefined && tokenFile === undefined) {
    return { tokenKey: { ...claims, file, issuer } };
  }
  if (file === undefined && tokenFile !== undefined) return { tokenFile };
  throw new Error(
    `expected SERVICE_KEY_FILE or SERVICE_TOKEN_FILE, got ${file === undefined ? "neither" : "both"}: set one`,
  );
}
