import { Code, ConnectError } from "@connectrpc/connect";
import type { GetRiderResponse } from "@fanfare/contracts/riders/v1/riders";
import { isAnyonesCard } from "../sandbox-methods.ts";
import type { Places } from "./locate-places.ts";
import { createPatterns, type Wanted } from "./matcher.ts";
import { findShared, readGatewayTokens } from "./riders-database.ts";

/** What to search for once a rider is erased. It is in the memory of this process alone. */
export interface RiderValues {
  readonly values: readonly Wanted[];
  /** The values that a search could not tell from others, with the reason. */
  readonly left: readonly { readonly wanted: Wanted; readonly why: string }[];
}

/** A shorter text is part of too many others. */
const minLength = 3;

const events = [/^audit\.events$/, /\.(inbox|outbox)(_\w+)?$/, /^stream /];

/** The places that keep the id of an erased rider, as docs/riders-data.md lists them. */
const idPlaces = [
  ...events,
  /^riders\.(riders|erasures|erasure_apps)$/,
  /^trips\.(closed_riders|operator_log)$/,
  /^log /,
];

/**
 * Collects what identifies a rider: what `getRider` returns, the gateway's tokens where the database can be read, and
 * the id. Leaves out what is too short, and what other riders have as well. Of a rider of whom nothing is stored, as
 * of one who is erased, it is the id alone.
 */
export async function collectValues(
  riderId: string,
  places: Pick<Places, "adminUrl">,
  getRider: () => Promise<GetRiderResponse>,
): Promise<RiderValues> {
  const id: Wanted = { what: "rider id", text: riderId, keptIn: idPlaces };
  const stored = await getRider().catch((error: unknown) => {
    if (ConnectError.from(error).code === Code.NotFound) return undefined;
    throw error;
  });
  if (stored === undefined) return { values: [id], left: [] };
  const adminUrl = "at" in places.adminUrl ? places.adminUrl.at : undefined;
  const personal = listPersonal(stored, await readTokens(adminUrl, riderId));
  const shared = await listShared(adminUrl, riderId, personal);
  const leftOut = personal.flatMap((wanted) => {
    const why = explainCommon(wanted, shared);
    return why === undefined ? [] : [{ wanted, why }];
  });
  const common = new Set(leftOut.map(({ wanted }) => wanted));
  return { values: [...personal.filter((wanted) => !common.has(wanted)), id], left: leftOut };
}

// The search of the databases reports why one cannot be read.

async function readTokens(adminUrl: string | undefined, riderId: string): Promise<string[]> {
  if (adminUrl === undefined) return [];
  return await readGatewayTokens(adminUrl, riderId).catch(() => []);
}

async function listShared(
  adminUrl: string | undefined,
  riderId: string,
  values: readonly Wanted[],
): Promise<Wanted[]> {
  if (adminUrl === undefined) return [];
  return await findShared(adminUrl, riderId, createPatterns(values)).catch(() => []);
}

/** Returns why a search for a value would find those of others; undefined when it is the rider's alone. */
function explainCommon(wanted: Wanted, shared: readonly Wanted[]): string | undefined {
  if (wanted.text.length < minLength) return `is shorter than ${minLength} letters`;
  if (isAnyonesCard(wanted.text)) return "any rider may have";
  return shared.includes(wanted) ? "other riders have as well" : undefined;
}

function listPersonal(
  { profile, paymentMethods }: GetRiderResponse,
  tokens: readonly string[],
): Wanted[] {
  const values: Wanted[] = [
    { what: "name", text: profile?.displayName ?? "" },
    { what: "email", text: profile?.email ?? "", ignoreCase: true },
    ...paymentMethods.map(({ label }): Wanted => ({ what: "card label", text: label })),
    ...tokens.map(
      // The sandbox stands for the gateway, which keeps its own tokens.
      (text): Wanted => ({ what: "gateway token", text, keptIn: [/^billing\.sandbox_/] }),
    ),
    ...paymentMethods.map(
      ({ paymentMethodId }): Wanted => ({
        what: "payment method id",
        text: paymentMethodId,
        keptIn: events,
      }),
    ),
  ];
  return values.filter(({ text }) => text !== "");
}
