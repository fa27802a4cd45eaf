import { createDevKeys, mintToken } from "@fanfare/dev-stack";
import { CliError } from "./cli-error.ts";
import { getKeysFolder } from "./running-stack.ts";

export interface TokenOptions {
  readonly role: string;
  readonly subject: string;
  readonly expiresIn: string;
}

/** developmentToken signs a token with the development keys of this checkout. */
export async function mintDevelopmentToken(options: TokenOptions): Promise<string> {
  const { role, subject, expiresIn } = options;
  if (role !== "rider" && role !== "operator" && role !== "service") {
    throw new CliError(`There is no role ${role}: it is one of rider, operator, service`);
  }
  const keys = await createDevKeys(getKeysFolder());
  return await mintToken(keys, { role, subject, expiresIn });
}
