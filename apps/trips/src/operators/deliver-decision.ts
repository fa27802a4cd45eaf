import { refuseDecision } from "../registry/transitions.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, Reply, TripWorkflows } from "../temporal/trip-workflows.ts";
import type { NewLogEntry } from "./operator-log.ts";

/** The dependencies of `deliverDecision`. */
export interface DeliverDecisionDeps {
  readonly registry: Pick<TripRegistry, "record" | "closeDecision">;
  readonly workflows: Pick<TripWorkflows, "retry" | "resolve">;
}

/**
 * Sends a logged decision on parked steps to the workflow, to exactly the steps that the log has, and stores
 * that it is delivered or refused. Otherwise it stays pending, and the reconciler delivers it. Equal
 * decisions join. Returns the steps that it applied to.
 */
export async function deliverDecision(
  entry: NewLogEntry,
  call: CallOptions,
  { registry, workflows }: DeliverDecisionDeps,
): Promise<Reply<readonly string[]>> {
  const steps = entry.details.split(", ");
  const replies = await Promise.all(steps.map((step) => sendToStep(workflows, entry, step, call)));
  const reply = combineReplies(replies);
  if (reply.kind === "refused") {
    await registry.record(entry.subject, refuseDecision(describeDecision(entry), reply.reason));
  }
  if (reply.kind === "answered" || reply.kind === "refused") {
    await registry.closeDecision(entry.entryId);
  }
  return reply;
}

/** Describes a decision on parked steps: who decided what, and why. */
export function describeDecision({ operator, action, details, reason }: NewLogEntry): string {
  const verb = action === "RETRY_TRIP" ? "retried" : "resolved";
  return `${operator} ${verb} ${details}${reason === "" ? "" : `: ${reason}`}`;
}

function sendToStep(
  workflows: DeliverDecisionDeps["workflows"],
  { entryId, operator, action, subject, reason: note }: NewLogEntry,
  step: string,
  call: CallOptions,
): Promise<Reply<readonly string[]>> {
  const options = { ...call, decisionId: `${entryId}/${step}` };
  if (action === "RESOLVE_TRIP") {
    return workflows.resolve(subject, { operator, note, step }, options);
  }
  return workflows.retry(subject, { operator, step, ...(note === "" ? {} : { note }) }, options);
}

/** Returns the first reply that does not decide, or all steps that the decision applied to. */
function combineReplies(replies: readonly Reply<readonly string[]>[]): Reply<readonly string[]> {
  const undecided = replies.find(({ kind }) => kind !== "answered" && kind !== "refused");
  if (undecided !== undefined) return undecided;
  const outcome = replies.flatMap((reply) => (reply.kind === "answered" ? reply.outcome : []));
  const refused = replies.find(({ kind }) => kind === "refused");
  return outcome.length === 0 && refused !== undefined ? refused : { kind: "answered", outcome };
}
