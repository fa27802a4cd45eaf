import { codecPart } from "./codec-part.ts";
import { keysPart } from "./keys-part.ts";
import { postgresPart } from "./postgres-part.ts";
import { administratorPart } from "./rotate-administrator.ts";
import type { SecretsPart } from "./secrets-part.ts";
import { temporalPart } from "./temporal/temporal-part.ts";
import { tokensPart } from "./tokens-part.ts";

/** All parts, each after those that it reads. */
export const parts: readonly SecretsPart[] = [
  keysPart,
  tokensPart,
  codecPart,
  postgresPart,
  administratorPart,
  temporalPart,
];
