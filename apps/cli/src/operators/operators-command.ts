import { toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ActionSchema,
  type Entry,
  ListResponseSchema,
  OperatorLogService,
} from "@fanfare/contracts/operators/v1/operators";
import { alignRows, createTerminal, type Terminal } from "../terminal.ts";
import { type CallerOptions, findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";

/** The flags of `operators log`. */
export interface LogFlags extends CallerOptions {
  readonly limit: number;
  readonly page?: string;
  readonly json?: boolean;
}

/** Prints a page of the operator log, the newest entry first: all, or what concerns one trip or group. */
export async function printOperatorLog(
  subject: string | undefined,
  flags: LogFlags,
  terminal: Terminal = createTerminal(),
): Promise<void> {
  using log = connectTo(OperatorLogService, await findAddress({ ...flags, operator: true }));
  const page = await log.client.list({
    subject: subject ?? "",
    pageSize: flags.limit,
    pageToken: flags.page ?? "",
  });
  if (flags.json === true) {
    return terminal.line(JSON.stringify(toJson(ListResponseSchema, page)));
  }
  for (const line of formatEntries(page.entries, terminal)) terminal.line(line);
  if (page.nextPageToken !== "") terminal.line(`Next page: --page ${page.nextPageToken}`);
}

/** Formats entries as a table. */
function formatEntries(entries: readonly Entry[], terminal: Terminal): string[] {
  if (entries.length === 0) return ["No operator has decided anything."];
  const head = ["DECIDED", "OPERATOR", "ACTION", "SUBJECT", "DETAILS", "REASON"];
  return alignRows([
    head.map((name) => terminal.colour("dim", name)),
    ...entries.map(({ decidedAt, operator, action, subject, details, reason }) => [
      decidedAt === undefined
        ? ""
        : timestampDate(decidedAt).toISOString().replace("T", " ").slice(0, 19),
      operator,
      ActionSchema.value[action]?.localName ?? `action ${action}`,
      subject,
      details || "-",
      reason,
    ]),
  ]);
}
