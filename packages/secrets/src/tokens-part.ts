import type { SecretsPart } from "./secrets-part.ts";
import { createServiceKeys, rotateServiceKeys } from "./service-keys.ts";

/** The key with which each app that calls others signs its tokens, and the public keys for each service. */
export const tokensPart: SecretsPart = {
  name: "tokens",
  create: ({ folder }) => createServiceKeys(folder),
  rotate: ({ folder, report }) => rotateServiceKeys(folder, report),
};
