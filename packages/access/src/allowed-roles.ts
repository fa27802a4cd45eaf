import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { access, Role as RoleOption } from "@fanfare/contracts/fanfare/access/v1/options";
import type { Role } from "./roles.ts";

const roleNames: ReadonlyMap<RoleOption, Role> = new Map<RoleOption, Role>([
  [RoleOption.RIDER, "rider"],
  [RoleOption.OPERATOR, "operator"],
  [RoleOption.SERVICE, "service"],
]);

/**
 * Returns the roles that the option `(fanfare.access.v1.access)` of a method allows. Returns an empty
 * list for a method without the option.
 *
 * @example
 * allowedRoles(FleetService.method.reserveVehicle); // ["service"]
 */
export function allowedRoles(method: DescMethod): Role[] {
  if (!hasOption(method, access)) return [];
  return getOption(method, access).roles.flatMap((role) => roleNames.get(role) ?? []);
}

/**
 * Returns the services that the option `(fanfare.access.v1.access)` of a method names, for the role
 * `service`. Returns undefined for the other roles: each of their subjects may call the method.
 *
 * @example
 * allowedSubjects(FleetService.method.reserveVehicle, "service"); // ["worker"]
 */
export function allowedSubjects(method: DescMethod, role: string): string[] | undefined {
  if (role !== "service") return undefined;
  return hasOption(method, access) ? getOption(method, access).services : [];
}

/**
 * Returns the names of the methods that no role may call, such as
 * `fleet.v1.FleetService/ReserveVehicle`.
 *
 * @example
 * findUnguardedMethods([FleetService]); // []
 */
export function findUnguardedMethods(services: readonly DescService[]): string[] {
  return services
    .flatMap((service) => service.methods)
    .filter((method) => allowedRoles(method).length === 0)
    .map((method) => `${method.parent.typeName}/${method.name}`);
}
