import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { paginate } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { listEvents } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

/** A position in the log, in decimal digits. */
const logPosition = z.string().regex(/^\d{1,18}$/);

/** Registers AuditService, which reads from the log. */
export function createRoutes(db: Kysely<AuditDatabase>): (router: ConnectRouter) => void {
  return (router) => {
    router.service(AuditService, {
      async listEvents(request) {
        const filter = { topic: request.topic || undefined, key: request.key || undefined };
        const { items, nextPageToken } = await paginate(request, {
          position: logPosition,
          fetch: ({ after, limit }) => listEvents(db, filter, { after: BigInt(after ?? 0), limit }),
          toPosition: ({ position }) => position,
        });
        return {
          events: items.map((row) => ({
            position: BigInt(row.position),
            eventId: row.event_id,
            topic: row.topic,
            key: row.key ?? "",
            type: row.type,
            source: row.source,
            eventTime: timestampFromDate(row.event_time),
            recordedAt: timestampFromDate(row.recorded_at),
            json: row.json,
          })),
          nextPageToken,
        };
      },
    });
  };
}
