import { type GroupStatus, readGroups } from "@fanfare/bus-nats";
import { topics } from "@fanfare/topology";
import { formatAge } from "../format-age.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { readNatsOptions } from "./nats-options.ts";

/**
 * Prints the state of the consumer groups at NATS_URL, else of the running stack. Sums up the topics of a
 * group in one line.
 */
export async function groupsCommand(
  { json = false }: { json?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const groups = await readGroups(await readNatsOptions(env), { topics });
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify(groups));
  const header = ["group", "topics", "pending", "in flight", "redelivered", "lost", "oldest event"];
  const more = ["dead letters", "oldest letter", "listening"];
  for (const line of alignRows([[...header, ...more], ...groups.map(toRow)])) terminal.line(line);
}

function toRow({ group, topics: each, deadLetters }: GroupStatus): string[] {
  const sum = (of: "pending" | "inFlight" | "redelivered" | "lost") =>
    String(each.reduce((all, topic) => all + topic[of], 0));
  const times = each.flatMap(({ oldest }) => oldest?.getTime() ?? []);
  const oldest = times.length === 0 ? undefined : new Date(Math.min(...times));
  return [
    group,
    each.map(({ topic }) => topic).join(",") || "-",
    sum("pending"),
    sum("inFlight"),
    sum("redelivered"),
    sum("lost"),
    formatAge(oldest),
    String(deadLetters.count),
    formatAge(deadLetters.oldest),
    each.some(({ active }) => active) ? "yes" : "no",
  ];
}
