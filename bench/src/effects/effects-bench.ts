import type { Bench } from "../report.ts";
import { inboxRows, inboxTables } from "./inbox.ts";
import { openLab } from "./lab.ts";
import { relayRow } from "./relay.ts";

/** effectsBench measures inbox and outbox beside the SQL and the publishing that they stand on. */
export const effectsBench: Bench = async (progress) => {
  await using lab = await openLab();
  progress("inbox");
  const rows = await inboxRows(lab);
  progress("outbox");
  rows.push(await relayRow(lab));
  progress("tables");
  return { rows, tables: await inboxTables(lab) };
};
