import { describe, expect, it } from "vitest";
import {
  appNames,
  appPorts,
  findEventSchema,
  groups,
  natsUsers,
  portNames,
  reactors,
  topics,
} from "./index.ts";

describe("topics", () => {
  it("are those that the protos declare", () => {
    expect(topics).toEqual([
      "trips.completed",
      "trips.refunded",
      "fleet.vehicles.changed",
      "riders.changed",
      "riders.erased",
    ]);
  });

  it("have a message type each, and others have none", () => {
    expect(topics.map((topic) => findEventSchema(topic)?.typeName)).toEqual([
      "trips.v1.TripCompleted",
      "trips.v1.TripRefunded",
      "fleet.v1.VehicleChanged",
      "riders.v1.RiderChanged",
      "riders.v1.RiderErased",
    ]);
    expect(findEventSchema("trips.started")).toBeUndefined();
  });
});

describe("reactors", () => {
  it("have a consumer group each, with the topics of their event services", () => {
    expect(groups.map(({ group }) => group)).toEqual(reactors.map(({ name }) => name));
    expect(groups).toContainEqual({
      group: "revenue",
      topics: ["trips.completed", "trips.refunded"],
      from: "start",
    });
    expect(groups).toContainEqual({
      group: "audit",
      topics: [
        "trips.completed",
        "trips.refunded",
        "fleet.vehicles.changed",
        "riders.changed",
        "riders.erased",
      ],
      from: "start",
    });
  });

  it("have names that databases, roles, users and consumers can have", () => {
    for (const { name } of reactors) expect(name).toMatch(/^[a-z]{1,32}$/);
  });

  it("are apps, each with a name and a port of its own", () => {
    expect(appNames).toEqual(expect.arrayContaining(reactors.map(({ name }) => name)));
    expect(new Set(appNames).size).toBe(appNames.length);
    expect(new Set(Object.values(appPorts)).size).toBe(portNames.length);
    expect(Object.keys(appPorts).toSorted()).toEqual(portNames.toSorted());
  });
});

describe("natsUsers", () => {
  it("are the apps that publish or consume, and the operator", () => {
    expect(natsUsers.map(({ name }) => name)).toEqual([
      "worker",
      "fleet",
      "riders",
      ...reactors.map(({ name }) => name),
      "operator",
    ]);
  });
});
