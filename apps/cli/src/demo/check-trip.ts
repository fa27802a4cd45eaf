import type { DemoTrip } from "./play-story.ts";
import type { Story } from "./stories.ts";

/** Compares a trip with its story, and returns each difference in words. */
export function checkTrip(trip: DemoTrip, story: Story): string[] {
  const problems: string[] = [];
  if (trip.status !== story.ends) problems.push(`expected ${story.ends}, got ${trip.status}`);
  const missing = story.compensated.filter((step) => !trip.compensated.includes(step));
  if (missing.length > 0) problems.push(`not compensated: ${missing.join(", ")}`);
  if (story.compensated.length === 0 && trip.compensated.length > 0) {
    problems.push(`unexpectedly compensated: ${trip.compensated.join(", ")}`);
  }
  for (const [group, count] of Object.entries(trip.effects)) {
    if (count === story.effects) continue;
    problems.push(`expected ${story.effects} effects in ${group}, got ${count}`);
  }
  return problems.map((problem) => `${story.name} trip ${trip.tripId}: ${problem}`);
}
