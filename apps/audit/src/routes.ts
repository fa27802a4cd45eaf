import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { decodePageToken, encodePageToken } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { listEvents } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

/** A position of the log in decimal digits. */
const logPosition = z.string().regex(/^\d{1,18}$/);

/** createRoutes shows what audit has written down. */
export function createRoutes(db: Kysely<AuditDatabase>): (router: ConnectRouter) => void {
  return (router) => {
    router.service(AuditService, {
      async listEvents({ topic, key, pageSize, pageToken }) {
        const limit = pageSize || 20;
        const after = BigInt(decodePageToken(pageToken, logPosition) ?? 0);
        const filter = { topic: topic || undefined, key: key || undefined };
        // One row more than the page tells whether there is another page.
        const rows = await listEvents(db, filter, { after, limit: limit + 1 });
        const page = rows.slice(0, limit);
        const last = rows.length > limit ? page.at(-1) : undefined;
        return {
          events: page.map((row) => ({
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
          nextPageToken: last ? encodePageToken(last.position) : "",
        };
      },
    });
  };
}
