import type { NatsOptions } from "@fanfare/bus-nats";
import { type DevKeys, mintToken } from "@fanfare/dev-stack";
import type { TlsFiles } from "@fanfare/service";
import { countedReactors, type ReactorName, reactorNames } from "@fanfare/topology";
import { addSandboxMethod } from "../riders/sandbox-methods.ts";
import { alignRows, type Terminal } from "../terminal.ts";
import { connectToOperations, connectToTrips } from "../trip/trips-client.ts";
import { checkTrip } from "./check-trip.ts";
import { setDemoTariff } from "./demo-tariff.ts";
import { createEffectsReader } from "./effects.ts";
import { type DemoTrip, type PlayedStory, playStory } from "./play-story.ts";
import { type StopBilling, type Story, stories } from "./stories.ts";
import { waitForGroups } from "./wait-for-groups.ts";

/** The parts of a stack that the demo uses. */
export interface DemoStack {
  /** The URL of the APIs of riders and of each reactor's API. */
  readonly urls: Readonly<Record<"trips" | "riders" | ReactorName, string>>;
  /** Where NATS is, and how to log in there as an operator. */
  readonly nats: NatsOptions;
  readonly keys: DevKeys;
  /** The certificate of the demo. Undefined without TLS. */
  readonly tls: TlsFiles | undefined;
  /** Absent for a stack that is not the demo's own. */
  readonly stopBilling?: StopBilling | undefined;
}

/** A story that the demo cannot play on this stack. */
export interface SkippedStory {
  readonly story: Story["name"];
  readonly skipped: true;
}

/** The result of a demo. */
export interface Demo {
  readonly trips: readonly (DemoTrip | SkippedStory)[];
  /** The differences from the stories; empty when every trip ended as expected. */
  readonly problems: readonly string[];
}

/**
 * Takes the trips of the stories through a stack, and counts the effects of each in each group. On a stack of
 * its own it puts its own tariff in force first.
 */
export async function runDemo(
  stack: DemoStack,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<Demo> {
  const { urls, nats, keys, tls, stopBilling } = stack;
  const operator = await mintToken(keys, { role: "operator", subject: "demo" });
  const isOwn = stopBilling !== undefined;
  if (isOwn) await setDemoTariff({ url: urls.trips, token: operator, tls });
  using operating = connectToOperations({ url: urls.trips, token: operator, tls });
  const operations = operating.client;
  const played: PlayedStory[] = [];
  for (const story of stories) {
    if (story.needsOwnStack && !isOwn) {
      terminal.line(`Skipped on a stack that is not the demo's own: ${story.title}`);
      continue;
    }
    // A rider has one active trip at a time: each story has a rider of its own.
    const rider = { role: "rider", subject: `demo-${crypto.randomUUID()}` } as const;
    const token = await mintToken(keys, rider);
    using riding = connectToTrips({ url: urls.trips, token, tls });
    const riders = { url: urls.riders, token, tls };
    const paymentMethod = await addSandboxMethod(riders, story.gatewayToken, signal);
    const { client } = riding;
    const context = { client, operations, terminal, signal, stopBilling, paymentMethod };
    played.push(await playStory(story, context));
  }
  using reader = createEffectsReader(urls, { token: operator, tls });
  await waitForGroups({ nats, groups: reactorNames, signal });
  const counted = await Promise.all(
    played.map(async ({ faults, ...trip }) => ({
      trip: { ...trip, effects: await reader.count(trip.tripId, signal) },
      faults: faults.map((fault) => `${trip.story} trip ${trip.tripId}: ${fault}`),
    })),
  );
  const trips = counted.map(({ trip }) => trip);
  printEffects(trips, terminal);
  const problems = counted.flatMap(({ trip, faults }) => {
    const story = stories.find(({ name }) => name === trip.story);
    return story === undefined ? faults : [...checkTrip(trip, story), ...faults];
  });
  const skipped = stories
    .filter(({ name }) => !trips.some(({ story }) => story === name))
    .map(({ name }) => ({ story: name, skipped: true }) as const);
  return { trips: [...trips, ...skipped], problems };
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
