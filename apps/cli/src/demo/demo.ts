import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type DevKeys, mintToken } from "@fanfare/dev-stack";
import { type ReactorName, reactorNames } from "@fanfare/topology";
import { alignRows, type Terminal } from "../terminal.ts";
import { connectTo } from "../trips-client.ts";
import { checkTrip } from "./check-trip.ts";
import { createEffectsReader } from "./effects.ts";
import { type DemoTrip, type PlayedStory, playStory } from "./play-story.ts";
import { stories } from "./stories.ts";
import { waitForGroups } from "./wait-for-groups.ts";

/** DemoStack is what the demo has to know of a stack. */
export interface DemoStack {
  /** Where the API of each of these is. */
  readonly urls: Readonly<Record<"trips" | ReactorName, string>>;
  readonly natsUrl: string;
  readonly keys: DevKeys;
  readonly streams: readonly string[];
}

export interface Demo {
  readonly trips: readonly DemoTrip[];
  /** What is not as it should be. */
  readonly problems: readonly string[];
}

/** runDemo takes the three trips through a stack, and counts the effects of each in each group. */
export async function runDemo(
  stack: DemoStack,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<Demo> {
  const { urls, natsUrl, keys, streams } = stack;
  const token = await mintToken(keys, { role: "rider", subject: "alice" });
  using trips = connectTo(TripsService, { url: urls.trips, token });
  const told: PlayedStory[] = [];
  for (const story of stories) {
    told.push(await playStory(story, { client: trips.client, terminal, signal }));
  }
  const operator = await mintToken(keys, { role: "operator", subject: "demo" });
  using reader = createEffectsReader(urls, operator);
  await waitForGroups({ natsUrl, streams, groups: reactorNames, signal });
  const counted = await Promise.all(
    told.map(async (trip) => ({ ...trip, effects: await reader.count(trip.tripId, signal) })),
  );
  printEffects(counted, terminal);
  const problems = counted.flatMap((trip) => {
    const story = stories.find(({ name }) => name === trip.story);
    return story === undefined ? [] : checkTrip(trip, story);
  });
  return { trips: counted, problems };
}

function printEffects(trips: readonly DemoTrip[], terminal: Terminal): void {
  const head = ["effects", "status", ...reactorNames].map((name) => terminal.colour("dim", name));
  const rows = trips.map((trip) => [
    trip.story,
    trip.status,
    ...reactorNames.map((name) => String(trip.effects[name])),
  ]);
  terminal.line();
  for (const line of alignRows([head, ...rows])) terminal.line(`  ${line}`);
}
