export { allowedRoles, allowedSubjects, findUnguardedMethods } from "./allowed-roles.ts";
export { type AccessOptions, createAccess } from "./create-access.ts";
export { type Role, roles } from "./roles.ts";
