/** A vehicle of a new database. Its position is in degrees, WGS 84. */
export interface SeedVehicle {
  readonly vehicle_id: string;
  readonly model: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly in_service: boolean;
}

const models = ["Renault Zoe", "Fiat 500e", "Volkswagen ID.3", "Hyundai Kona"];
const columns = 5;

/**
 * The vehicles of a new database: `vehicle-1` to `vehicle-20`, parked on a grid over the centre of Lyon.
 * `vehicle-20` is out of service.
 */
export const seedVehicles: readonly SeedVehicle[] = Array.from({ length: 20 }, (_, index) => ({
  vehicle_id: `vehicle-${index + 1}`,
  model: models[index % models.length] ?? "Renault Zoe",
  latitude: Number((45.748 + 0.006 * Math.floor(index / columns)).toFixed(6)),
  longitude: Number((4.828 + 0.008 * (index % columns)).toFixed(6)),
  in_service: index + 1 !== 20,
}));
