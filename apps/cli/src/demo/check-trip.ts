import type { DemoTrip } from "./play-story.ts";
import type { Story } from "./stories.ts";

/** problemsOf says what about a trip is not as its story has it; nothing when all is well. */
export function checkTrip(trip: DemoTrip, story: Story): string[] {
  const problems: string[] = [];
  if (trip.status !== story.ends) problems.push(`it is ${trip.status} and not ${story.ends}`);
  const missing = story.compensated.filter((step) => !trip.compensated.includes(step));
  if (missing.length > 0) problems.push(`not compensated: ${missing.join(", ")}`);
  if (story.compensated.length === 0 && trip.compensated.length > 0) {
    problems.push(`compensated, and should not be: ${trip.compensated.join(", ")}`);
  }
  for (const [group, count] of Object.entries(trip.effects)) {
    if (count === story.effects) continue;
    problems.push(`${group} has ${count} effects of it and not ${story.effects}`);
  }
  return problems.map((problem) => `the ${story.name} trip ${trip.tripId}: ${problem}`);
}
