import { TripStep_State as State } from "@fanfare/contracts/operators/v1/trip_operations";
import { getSandboxLabel } from "../riders/sandbox-methods.ts";
import type { Terminal } from "../terminal.ts";
import { formatColouredStatus, formatStatus } from "../trip/trip-text.ts";
import type { OperationsClient, TripsClient } from "../trip/trips-client.ts";
import type { Effects } from "./effects.ts";
import { followTrip, listCompensated, type TripChange } from "./follow-trip.ts";
import type { StopBilling, Story } from "./stories.ts";

/** The trip of a story after its end, before its effects are counted. */
export interface PlayedStory {
  readonly story: Story["name"];
  readonly tripId: string;
  readonly status: string;
  readonly steps: readonly string[];
  readonly compensated: readonly string[];
  /** What is wrong with the trip; empty when nothing is. */
  readonly faults: readonly string[];
}

/** The trip of a story as the demo reports it. */
export interface DemoTrip extends Omit<PlayedStory, "faults"> {
  readonly effects: Effects;
}

/** What a story is played with. */
export interface StoryContext {
  /** The rider's. */
  readonly client: TripsClient;
  /** An operator's, which shows the steps. */
  readonly operations: OperationsClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly stopBilling: StopBilling | undefined;
  /** The id of the rider's payment method. */
  readonly paymentMethod: string;
}

/** A story takes about a second on an idle machine. */
const timeoutMs = 120_000;

/** Plays a story and prints each step and compensation as it happens. */
export async function playStory(story: Story, context: StoryContext): Promise<PlayedStory> {
  const { client, operations, terminal, signal, stopBilling, paymentMethod } = context;
  const tripId = crypto.randomUUID();
  const { title, vehicleId, gatewayToken } = story;
  terminal.line();
  terminal.line(terminal.colour("bold", title));
  const card = getSandboxLabel(gatewayToken);
  terminal.line(terminal.colour("dim", `  trip ${tripId}, ${vehicleId}, the rider's ${card}`));
  const began = performance.now();
  const follower = new AbortController();
  const following = followTrip(operations, {
    tripId,
    onChange: (change) => terminal.line(formatChange(change, performance.now() - began, terminal)),
    signal: AbortSignal.any([signal, follower.signal, AbortSignal.timeout(timeoutMs)]),
  });
  following.catch(() => {});
  try {
    await story.act(client, { tripId, paymentMethod, operations, signal, stopBilling });
  } catch (error) {
    follower.abort();
    throw error;
  }
  const { trip, steps } = await following;
  if (!story.isOver(trip)) throw new Error(`WatchTrip ended before trip ${tripId} was over`);
  return {
    story: story.name,
    tripId,
    status: formatStatus(trip.status),
    steps: steps.filter((step) => step.state !== State.FAILED).map((step) => step.name),
    compensated: listCompensated(steps).map((step) => step.name),
    faults: story.check?.(trip) ?? [],
  };
}

function formatChange(change: TripChange, milliseconds: number, terminal: Terminal): string {
  const time = terminal.colour("dim", `${milliseconds.toFixed(0).padStart(7)} ms`);
  if (change.kind === "status")
    return `${time}  ● ${formatColouredStatus(change.status, terminal)}`;
  const { name, lastError } = change.step;
  if (change.kind === "compensate")
    return `${time}  ${terminal.colour("yellow", "↩")} ${name} compensated`;
  if (lastError === "") return `${time}  ${terminal.colour("green", "✓")} ${name}`;
  return `${time}  ${terminal.colour("red", "✗")} ${name}: ${lastError}`;
}
