import type { SecretsPart } from "./secrets-part.ts";
import { issueServiceTokens, renewServiceTokens } from "./service-tokens.ts";

/** The token of each app that calls other services. The earlier token is valid until it expires. */
export const tokensPart: SecretsPart = {
  name: "tokens",
  async create({ folder }) {
    await renewServiceTokens(folder);
  },
  async rotate({ folder, report }) {
    await issueServiceTokens(folder);
    report("Every app that calls others has a new token");
  },
};
