import { readGroups } from "@fanfare/bus-nats";
import { Failure } from "./failure.ts";
import { alignRows, createTerminal } from "./terminal.ts";
import { topics } from "./topics.ts";

/** groupsCommand prints how the groups at NATS_URL fare: a line for each topic that they take. */
export async function groupsCommand(
  { json = false }: { json?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const servers = env.NATS_URL;
  if (!servers) throw new Failure("Name the server to look at in NATS_URL");
  const groups = await readGroups({ servers }, { topics });
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify(groups));
  const header = ["group", "topic", "pending", "in flight", "redelivered", "oldest", "listening"];
  const rows = groups.map((one) => [
    one.group,
    one.topic,
    `${one.pending}`,
    `${one.inFlight}`,
    `${one.redelivered}`,
    one.oldest === undefined ? "-" : ageOf(one.oldest),
    one.listening ? "yes" : "no",
  ]);
  for (const line of alignRows([header, ...rows])) terminal.line(line);
}

function ageOf(time: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - time.getTime()) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
