import type { DescService } from "@bufbuild/protobuf";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { OperatorLogService } from "@fanfare/contracts/operators/v1/operators";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { TripRidersService } from "@fanfare/contracts/trips/v1/trip_riders";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";

/** Every service of this system. */
export const services: readonly DescService[] = [
  AuditService,
  BillingService,
  FleetService,
  NotificationsService,
  OperatorLogService,
  RevenueService,
  RiderDataService,
  RidersService,
  TariffService,
  TripOperationsService,
  TripRegistryService,
  TripRidersService,
  TripsService,
];
