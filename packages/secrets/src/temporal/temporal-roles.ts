/** A role of Temporal's authorizer in a namespace. Each may do what those before it may. */
export type TemporalRole = "read" | "write" | "admin";

/**
 * The clients of Temporal, and the role of each in the namespace. `provision` creates the namespace and its
 * search attributes, and `operator` lists trips. Temporal has one role for who starts workflows and who
 * executes them.
 */
export const temporalRoles: Readonly<Record<string, TemporalRole>> = {
  trips: "write",
  worker: "write",
  provision: "admin",
  operator: "read",
};
