import { z } from "zod";

/** The position of a row in a list that is ordered by an identity column. */
export const identityPosition = z.string().regex(/^\d{1,18}$/);
