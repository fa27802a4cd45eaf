export { allowedRoles, allowedSubjects, findUnguardedMethods } from "./allowed-roles.ts";
export { createAccess } from "./create-access.ts";
export { type Role, roles } from "./roles.ts";
