import { createDevKeys, mintToken } from "@fanfare/dev-stack";
import { CliError } from "../cli-error.ts";
import { getKeysFolder } from "./running-stack.ts";

/** Options of {@link mintDevelopmentToken}. */
export interface TokenOptions {
  readonly role: string;
  readonly subject: string;
  readonly expiresIn: string;
  /** The service that the token of a service is for. Default: the audience of people. */
  readonly audience?: string;
}

/** Signs a token with the development keys of this checkout. */
export async function mintDevelopmentToken(options: TokenOptions): Promise<string> {
  const { role, subject, expiresIn, audience } = options;
  if (role !== "rider" && role !== "operator" && role !== "service") {
    throw new CliError(`expected a role, got "${role}": choose one of rider, operator, service`);
  }
  const keys = await createDevKeys(getKeysFolder());
  return await mintToken(keys, {
    role,
    subject,
    expiresIn,
    ...(audience === undefined ? {} : { audience }),
  });
}
