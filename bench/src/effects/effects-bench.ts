import { connectNats } from "@fanfare/bus-nats";
import { startNats } from "@fanfare/dev-stack";
import type { Bench } from "../report.ts";
import { inboxRows, inboxTables } from "./inbox.ts";
import { openLab } from "./lab.ts";
import { relayRow, relayTables } from "./relay.ts";

/** effectsBench measures inbox and outbox beside the SQL and the publishing that they stand on. */
export const effectsBench: Bench = async (progress) => {
  await using lab = await openLab();
  await using nats = await startNats();
  await using bus = await connectNats({ servers: nats.url, name: "bench" });
  progress("inbox");
  const rows = await inboxRows(lab);
  progress("outbox");
  rows.push(await relayRow(lab, bus));
  progress("tables");
  return { rows, tables: [...(await inboxTables(lab)), ...(await relayTables(lab, bus))] };
};
