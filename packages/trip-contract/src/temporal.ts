// How the processes of the trips reach Temporal. Workflow code does not import it.

export { findMissingAttributes, isPermissionDenied } from "./missing-attributes.ts";
export {
  openTemporalSettings,
  readTemporalSettings,
  type TemporalSettings,
  type TemporalTls,
  temporalVariables,
} from "./temporal-settings.ts";
