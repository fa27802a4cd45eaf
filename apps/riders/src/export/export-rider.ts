import { create, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type RiderRecord, RiderRecordSchema } from "@fanfare/contracts/riders/v1/rider_data";
import { PaymentMethodSchema, ProfileSchema } from "@fanfare/contracts/riders/v1/riders";
import type { Caller } from "@fanfare/service";
import type { Kysely } from "kysely";
import { type DataApp, type DataClients, dataApps } from "../data-apps.ts";
import { listPaymentMethods } from "../payment-methods.ts";
import { toPaymentMethod, toProfile } from "../profile-message.ts";
import { checkNotErased, findProfile } from "../profiles.ts";
import type { RidersTables } from "../tables.ts";

/** What an export works with. */
export interface ExportDeps {
  readonly db: Kysely<RidersTables>;
  readonly clients: Pick<DataClients, "data">;
}

/** A record of a rider, and the app that stores it. */
export interface ExportedRecord {
  readonly app: string;
  readonly record: RiderRecord;
}

/**
 * Returns the id of the rider whose data is exported. Throws permission_denied when a rider names another one,
 * and invalid_argument when an operator names none.
 */
export function chooseRider(riderId: string, { role, subject }: Caller): string {
  if (role === "rider") {
    if (riderId === "" || riderId === subject) return subject;
    throw new ConnectError(
      "riders export their own data alone: leave out rider_id",
      Code.PermissionDenied,
    );
  }
  if (riderId !== "") return riderId;
  throw new ConnectError("expected the id of a rider: set rider_id", Code.InvalidArgument);
}

/**
 * Yields all records of a rider, from riders first and then from each other app. Throws failed_precondition when
 * the rider was erased, not_found when nothing is stored of them, and unavailable when an app does not answer.
 */
export async function* exportRider(
  { db, clients }: ExportDeps,
  riderId: string,
): AsyncGenerator<ExportedRecord> {
  await checkNotErased(db, riderId);
  let isKnown = false;
  const profile = await findProfile(db, riderId);
  if (profile !== undefined) {
    isKnown = true;
    yield toRecord("profile", toJsonString(ProfileSchema, toProfile(profile)));
    for (const method of await listPaymentMethods(db, riderId)) {
      const json = toJsonString(PaymentMethodSchema, toPaymentMethod(method));
      yield toRecord("payment_method", json);
    }
  }
  for (const app of dataApps) {
    for await (const record of listRecords(clients, { app, riderId })) {
      isKnown = true;
      yield { app, record };
    }
  }
  if (isKnown) return;
  throw new ConnectError(`nothing is stored of rider ${riderId}: check the id`, Code.NotFound);
}

async function* listRecords(
  { data }: ExportDeps["clients"],
  { app, riderId }: { readonly app: DataApp; readonly riderId: string },
): AsyncGenerator<RiderRecord> {
  let pageToken = "";
  do {
    const page = await data[app].exportRiderData({ riderId, pageToken }).catch((cause: unknown) => {
      const message = `${app} did not answer: what was sent is not all, export again`;
      throw new ConnectError(message, Code.Unavailable, undefined, undefined, cause);
    });
    yield* page.records;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function toRecord(kind: string, json: string): ExportedRecord {
  return { app: "riders", record: create(RiderRecordSchema, { kind, json }) };
}
