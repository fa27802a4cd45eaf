import { operation, service } from "nexus-rpc";

/** The hotels, as a Nexus service: an operation that answers at once, and one that is a workflow. */
export const hotels = service("hotels", {
  book: operation<string, string>(),
  bookInWorkflow: operation<string, string>(),
});

/** The name of the Nexus endpoint of the hotels. */
export const hotelsEndpoint = "hotels";
