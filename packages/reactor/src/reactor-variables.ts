import {
  authVariables,
  type ConfigValues,
  databaseVariables,
  defineHealthPortVariable,
  definePortVariable,
  natsTlsVariables,
  natsVariables,
  serverVariables,
  tlsVariables,
} from "@fanfare/service";

/** Returns the environment variables of a reactor that listens on `port` by default. */
export function createReactorVariables(port: number) {
  return {
    ...serverVariables,
    port: definePortVariable("PORT", port),
    healthPort: defineHealthPortVariable(port),
    ...authVariables,
    ...tlsVariables,
    ...databaseVariables,
    ...natsVariables,
    ...natsTlsVariables,
  };
}

/** The configuration of a reactor, as read from its environment variables. */
export type ReactorConfig = ConfigValues<ReturnType<typeof createReactorVariables>>;
