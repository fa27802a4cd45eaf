import {
  createNexusServiceClient,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from "@temporalio/workflow";
import { runSaga, type SagaResult } from "../src/index.ts";
import { hotels, hotelsEndpoint } from "./hotels.ts";

interface StayActivities {
  refuseRoom(): Promise<string>;
}

/** Books a room in an activity. */
export async function bookRoom(): Promise<string> {
  return await proxyActivities<StayActivities>({ startToCloseTimeout: 5_000 }).refuseRoom();
}

/** Books a room in a child workflow. */
export async function bookRoomInChild(): Promise<string> {
  return await executeChild(bookRoom);
}

/** Ways in which the refusal of a room reaches the saga. */
export type Way = keyof typeof ways;

const nexus = createNexusServiceClient({ service: hotels, endpoint: hotelsEndpoint });
const ways = {
  activity: bookRoom,
  "local activity": () =>
    proxyLocalActivities<StayActivities>({ startToCloseTimeout: 5_000 }).refuseRoom(),
  "child workflow": bookRoomInChild,
  "child of a child": () => executeChild(bookRoomInChild),
  "Nexus operation": () => nexus.executeOperation("book", "1"),
  "Nexus operation of a workflow": () =>
    nexus.executeOperation("bookInWorkflow", `${workflowInfo().workflowId}/room`),
} as const;

/** A saga whose only step is refused. */
export async function stay(way: Way): Promise<SagaResult<string>> {
  return await runSaga((saga) => saga.step("hotel", { run: ways[way] }));
}
