import { type NatsOptions, openStreamReader, type StreamMessage } from "@fanfare/bus-nats";
import { findIn, type Hit, type Pattern, type Wanted } from "./matcher.ts";
import type { Searched } from "./search-databases.ts";

/** Searches every message of every stream, with its subject and headers. Rejects when it cannot read one. */
export async function searchStreams(
  nats: NatsOptions,
  patterns: readonly Pattern[],
): Promise<Searched> {
  await using reader = await openStreamReader(nats);
  const hits: Hit[] = [];
  const streams = await reader.list();
  for (const stream of streams) {
    const found = new Set<Wanted>();
    for await (const message of reader.read(stream)) {
      for (const wanted of findIn(joinParts(message), patterns)) found.add(wanted);
    }
    hits.push(...[...found].map((wanted) => ({ place: `stream ${stream}`, wanted })));
  }
  return { count: streams.length, hits };
}

function joinParts({ subject, headers, data }: StreamMessage): Uint8Array {
  const about = [subject, ...headers.map(([name, values]) => `${name}: ${values.join("\n")}`)];
  return Buffer.concat([Buffer.from(`${about.join("\n")}\n`), data]);
}
