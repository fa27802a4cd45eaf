import { connectNats } from "@fanfare/bus-nats";
import { startNats } from "@fanfare/dev-stack";
import type { Bench } from "../report.ts";
import { measureInboxRows, measureInboxTables } from "./inbox.ts";
import { openLab } from "./lab.ts";
import { measureRelayRow, measureRelayTables } from "./relay.ts";

/** Compares inbox and outbox with the SQL statements and the publishing that they consist of. */
export const effectsBench: Bench = async (progress) => {
  await using lab = await openLab();
  await using nats = await startNats();
  await using bus = await connectNats({ servers: nats.url, name: "bench" });
  progress("inbox");
  const rows = await measureInboxRows(lab);
  progress("outbox");
  rows.push(await measureRelayRow(lab, bus));
  progress("tables");
  return {
    rows,
    tables: [...(await measureInboxTables(lab)), ...(await measureRelayTables(lab, bus))],
  };
};
