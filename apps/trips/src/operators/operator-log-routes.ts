import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Action,
  type DeadLettersState,
  type EntrySchema,
  OperatorLogService,
  type State,
  StateSchema,
} from "@fanfare/contracts/operators/v1/operators";
import { getCaller, paginate, type Routes } from "@fanfare/service";
import type { Kysely } from "kysely";
import { identityPosition } from "../registry/identity-position.ts";
import {
  type OperatorAction,
  type OperatorLogRow,
  operatorActions,
  type TripsDatabase,
} from "../registry/tables.ts";
import {
  appendEntry,
  createEntryIdTakenError,
  type EntryState,
  listEntries,
} from "./operator-log.ts";

/** Creates the routes of OperatorLogService. */
export function createOperatorLogRoutes(db: Kysely<TripsDatabase>): Routes {
  return (router) => {
    router.service(OperatorLogService, {
      async append({ entryId, action, subject, details, reason, before, after }, context) {
        const { subject: operator } = getCaller(context);
        const entry = await appendEntry(db, {
          entryId,
          operator,
          action: toActionName(action),
          subject,
          details,
          reason,
          before: toState(before),
          after: toState(after),
        });
        if (entry.details !== details) throw createEntryIdTakenError(entryId);
        return { entry: toEntry(entry) };
      },

      async list(request) {
        const subject = request.subject === "" ? undefined : request.subject;
        const { items, nextPageToken } = await paginate(request, {
          position: identityPosition,
          fetch: (range) => listEntries(db, { subject, ...range }),
          toPosition: (row) => row.position,
        });
        return { entries: items.map(toEntry), nextPageToken };
      },
    });
  };
}

function toEntry(row: OperatorLogRow): MessageInitShape<typeof EntrySchema> {
  return {
    entryId: row.entry_id,
    operator: row.operator,
    decidedAt: timestampFromDate(row.decided_at),
    action: Action[row.action],
    subject: row.subject,
    details: row.details,
    reason: row.reason,
    ...readStates(row),
  };
}

/** Reads the states of an entry, of which a newer version may have stored more than this one knows. */
function readStates({ before, after }: OperatorLogRow): { before?: State; after?: State } {
  const options = { ignoreUnknownFields: true };
  return {
    ...(before === null ? {} : { before: fromJson(StateSchema, before, options) }),
    ...(after === null ? {} : { after: fromJson(StateSchema, after, options) }),
  };
}

function toState(value: DeadLettersState | undefined): EntryState | undefined {
  return value && { state: { case: "deadLetters", value } };
}

function toActionName(action: Action): OperatorAction {
  const name = operatorActions.find((known) => Action[known] === action);
  if (name !== undefined) return name;
  throw new ConnectError(
    `the action ${action} is unknown: update this server`,
    Code.InvalidArgument,
  );
}
