/** A person who drives, a person who runs the fleet, or another process of this system. */
export type Role = (typeof roles)[number];

/** All roles that a token may have. */
export const roles = ["rider", "operator", "service"] as const;
