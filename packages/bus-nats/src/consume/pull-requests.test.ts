import { describe, expect, it } from "vitest";
import { createPullRequests } from "./pull-requests.ts";

describe("createPullRequests()", () => {
  it("counts the outstanding messages of all requests", () => {
    const requests = createPullRequests();
    requests.add({ count: 2, endsAt: 10 });
    requests.add({ count: 3, endsAt: 20 });
    expect(requests.outstanding).toBe(5);
    expect(requests.receive()).toBe(true);
    expect(requests.outstanding).toBe(4);
  });

  it("detects a message that was not requested", () => {
    const requests = createPullRequests();
    requests.add({ count: 1, endsAt: 10 });
    expect([requests.receive(), requests.receive()]).toEqual([true, false]);
  });

  it("subtracts what an ended request did not deliver", () => {
    const requests = createPullRequests();
    const first = requests.add({ count: 5, endsAt: 10 });
    const second = requests.add({ count: 4, endsAt: 10 });
    expect(requests.end(first, 3)).toBe(3);
    expect(requests.end(first, 3)).toBe(0);
    expect(requests.end(second, undefined)).toBe(4);
    expect(requests.outstanding).toBe(2);
  });

  it("subtracts no more than is outstanding", () => {
    const requests = createPullRequests();
    const id = requests.add({ count: 2, endsAt: 10 });
    requests.receive();
    expect(requests.end(id, 9)).toBe(1);
    expect(requests.outstanding).toBe(0);
  });

  it("expires requests whose end was never reported", () => {
    const requests = createPullRequests();
    requests.add({ count: 5, endsAt: 10 });
    requests.add({ count: 2, endsAt: 20 });
    expect(requests.expire(10)).toBe(0);
    expect(requests.expire(11)).toBe(5);
    expect(requests.outstanding).toBe(2);
    expect(requests.clear()).toBe(2);
  });
});
