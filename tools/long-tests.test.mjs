import { describe, expect, it } from "vitest";
import { planLongTest } from "./long-tests.mjs";

describe("planLongTest()", () => {
  it("turns the options of a test into variables, and passes the others to vitest", () => {
    const plan = planLongTest(["fire", "--seed", "401", "-t", "NATS is killed"]);
    expect(plan).toMatchObject({
      filter: "@fanfare/e2e",
      env: { FANFARE_FIRE: "long", FANFARE_FIRE_SEED: "401" },
    });
    expect(plan.args).toEqual(expect.arrayContaining(["run", "effects-under-fire.live"]));
    expect(plan.args.slice(-2)).toEqual(["-t", "NATS is killed"]);
    expect(planLongTest(["random-walks", "--walks=50"]).env).toEqual({ FANFARE_WALKS: "50" });
  });

  it("returns the script of a test of the whole repository", () => {
    expect(planLongTest(["pairs", "--rounds", "10"])).toEqual({
      script: "tools/paired-suites.mjs",
      env: { ROUNDS: "10" },
      args: [],
    });
  });

  it("rejects an unknown name and an option without a value", () => {
    expect(() => planLongTest(["ice"])).toThrow(/got "ice": choose one of fire, dead-servers,/);
    expect(() => planLongTest(["fire", "--seed"])).toThrow("expected a value after --seed");
  });

  it.each([
    ["dead-servers", "--rounds", "0"],
    ["dead-servers", "--rounds", "many"],
    ["dead-servers", "--rounds", "-t"],
    ["random-walks", "--walks=0"],
    ["random-walks", "--path", "--seed"],
  ])("rejects a value with which %s would check nothing: %s %s", (...args) => {
    expect(() => planLongTest(args)).toThrow(
      /^expected a value after --\w+, got "[^"]+": write --/,
    );
  });
});
