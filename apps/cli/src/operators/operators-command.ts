import { toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ActionSchema,
  type Entry,
  ListResponseSchema,
  OperatorLogService,
  type State,
} from "@fanfare/contracts/operators/v1/operators";
import { TripStatusSchema } from "@fanfare/contracts/trips/v1/trips";
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

/** Formats entries as a table, each followed by the states before and after it. */
export function formatEntries(entries: readonly Entry[], terminal: Terminal): string[] {
  if (entries.length === 0) return ["No operator has decided anything."];
  const head = ["DECIDED", "OPERATOR", "ACTION", "SUBJECT", "DETAILS", "REASON"];
  const [header = "", ...rows] = alignRows([
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
  const blocks = entries.map(({ before, after }, index) => [
    rows[index] ?? "",
    ...formatState("before", before),
    ...formatState("after", after),
  ]);
  return [header, ...blocks.flat()];
}

function formatState(name: "before" | "after", state: State | undefined): string[] {
  const label = `  ${name}:`.padEnd(10);
  if (state?.state.case === "trip") {
    const { status, version, reason, decision } = state.state.value;
    const statusName = TripStatusSchema.value[status]?.localName ?? `status ${status}`;
    const parts = [`${statusName}, version ${version}`, reason, decision];
    return [`${label}${parts.filter((part) => part !== "").join("; ")}`];
  }
  if (state?.state.case === "deadLetters") {
    return [`${label}${state.state.value.stored} of the dead letters stored`];
  }
  if (state?.state.case === "tariff") return [`${label}${state.state.value.tariffId} in force`];
  return [];
}
