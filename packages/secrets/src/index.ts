export { generateAuthority, issueCertificate } from "./certificates.ts";
export { codecKeysFile } from "./codec-part.ts";
export { createSecrets } from "./create-secrets.ts";
export {
  createDevKeys,
  type DevKeys,
  mintToken,
  type TokenClaims,
} from "./keys.ts";
export { createPassword, createVerifier } from "./postgres/create-verifier.ts";
export { parseLogins } from "./postgres/parse-logins.ts";
export {
  type DatabaseLogins,
  defaultConnectionLimit,
  dropDatabase,
  provisionDatabases,
} from "./postgres/provision-databases.ts";
export { nameLogins } from "./postgres/provision-roles.ts";
export { createDatabaseUrl, readDatabaseLogins, readPostgresPassword } from "./postgres-files.ts";
export { serviceKeySetFile } from "./public-keys.ts";
export { type RotateOptions, rotatableParts, rotateSecrets } from "./rotate-secrets.ts";
export { openSecretsFolder, type SecretsFolder } from "./secrets-folder.ts";
export type { SecretsSettings } from "./secrets-part.ts";
export { serviceKeyFile } from "./service-keys.ts";
