import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { createTerminal } from "../terminal.ts";
import { findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";
import type { RidersFlags } from "./riders-command.ts";

/** A record in the document of `riders export`. docs/riders-data.md describes it. */
interface ExportedRecord {
  readonly app: string;
  readonly kind: string;
  readonly data: unknown;
}

/**
 * Prints all data of the caller as one JSON document; with an id, that of the rider, as an operator. Prints nothing
 * when an app does not answer.
 */
export async function exportRider(id: string | undefined, flags: RidersFlags): Promise<void> {
  const caller = { ...flags, operator: id !== undefined };
  using riders = connectTo(RidersService, await findAddress(caller, process.env, "riders"));
  const records: ExportedRecord[] = [];
  for await (const { app, record } of riders.client.exportRider({ riderId: id ?? "" })) {
    const { kind = "", json = "null" } = record ?? {};
    records.push({ app, kind, data: JSON.parse(json) });
  }
  const terminal = createTerminal();
  for (const line of JSON.stringify({ records }, undefined, 2).split("\n")) terminal.line(line);
}
