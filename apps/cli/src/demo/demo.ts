import type { NatsOptions } from "@fanfare/bus-nats";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type DevKeys, mintToken } from "@fanfare/dev-stack";
import type { TlsFiles } from "@fanfare/service";
import { countedReactors, type ReactorName, reactorNames } from "@fanfare/topology";
import { alignRows, type Terminal } from "../terminal.ts";
import { connectTo } from "../trip/trips-client.ts";
import { checkTrip } from "./check-trip.ts";
import { createEffectsReader } from "./effects.ts";
import { type DemoTrip, type PlayedStory, playStory } from "./play-story.ts";
import { stories } from "./stories.ts";
import { waitForGroups } from "./wait-for-groups.ts";

/** The parts of a stack that the demo uses. */
export interface DemoStack {
  /** The URL of the trips API and of each reactor's API. */
  readonly urls: Readonly<Record<"trips" | ReactorName, string>>;
  /** Where NATS is, and how to log in there as an operator. */
  readonly nats: NatsOptions;
  readonly keys: DevKeys;
  /** The certificate of the demo. Undefined without TLS. */
  readonly tls: TlsFiles | undefined;
}

/** The result of a demo. */
export interface Demo {
  readonly trips: readonly DemoTrip[];
  /** The differences from the stories; empty when every trip ended as expected. */
  readonly problems: readonly string[];
}

/** Takes the three trips through a stack, and counts the effects of each in each group. */
export async function runDemo(
  stack: DemoStack,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<Demo> {
  const { urls, nats, keys, tls } = stack;
  const token = await mintToken(keys, { role: "rider", subject: "alice" });
  using trips = connectTo(TripsService, { url: urls.trips, token, tls });
  const played: PlayedStory[] = [];
  for (const story of stories) {
    played.push(await playStory(story, { client: trips.client, terminal, signal }));
  }
  const operator = await mintToken(keys, { role: "operator", subject: "demo" });
  using reader = createEffectsReader(urls, { token: operator, tls });
  await waitForGroups({ nats, groups: reactorNames, signal });
  const counted = await Promise.all(
    played.map(async (trip) => ({ ...trip, effects: await reader.count(trip.tripId, signal) })),
  );
  printEffects(counted, terminal);
  const problems = counted.flatMap((trip) => {
    const story = stories.find(({ name }) => name === trip.story);
    return story === undefined ? [] : checkTrip(trip, story);
  });
  return { trips: counted, problems };
}

function printEffects(trips: readonly DemoTrip[], terminal: Terminal): void {
  const groups = countedReactors.map(({ name }) => name);
  const head = ["effects", "status", ...groups].map((name) => terminal.colour("dim", name));
  const rows = trips.map((trip) => [
    trip.story,
    trip.status,
    ...groups.map((group) => String(trip.effects[group])),
  ]);
  terminal.line();
  for (const line of alignRows([head, ...rows])) terminal.line(`  ${line}`);
}
