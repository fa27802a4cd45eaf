import { BusError, type GroupDeclaration } from "@fanfare/bus";
import { callApi } from "./api.ts";
import { declareConsumer } from "./consumers.ts";
import type { Link } from "./link.ts";
import { createPlace, type Place } from "./place.ts";
import type { Settings } from "./settings.ts";
import type { Streams } from "./streams.ts";
import { consumerName, streamName } from "./subject.ts";
import type { Until } from "./until.ts";

/** Groups declares groups and keeps in mind how far each has come, in case its consumer is deleted. */
export interface Groups {
  declare(group: GroupDeclaration, until: Until): Promise<void>;
  place(group: string, topic: string): Place;
  /** Asks the consumer how far it has come. */
  confirm(group: string, topic: string, until: Until): Promise<void>;
  /**
   * Makes a deleted consumer again, and its stream, from the first event not known acknowledged.
   * Rejects with `not_provisioned` when this process may not.
   */
  restore(group: GroupDeclaration, topic: string, until: Until): Promise<void>;
}

export function createGroups(deps: {
  readonly link: Link;
  readonly settings: Settings;
  readonly streams: Streams;
}): Groups {
  const { link, settings, streams } = deps;
  const places = new Map<string, Place>();

  const placeOf = (group: string, topic: string): Place => {
    const name = `${group} ${topic}`;
    const place = places.get(name) ?? createPlace();
    places.set(name, place);
    return place;
  };

  const declareOne = async (group: GroupDeclaration, topic: string, until: Until) => {
    const place = placeOf(group.group, topic);
    if (settings.provision) place.onStream(await streams.ensure(topic, until));
    place.reached(await declareConsumer({ link, settings }, { group, topic, until }));
  };

  return {
    place: placeOf,
    async declare(group, until) {
      await link.connected(until);
      await Promise.all(group.topics.map((topic) => declareOne(group, topic, until)));
    },
    async confirm(group, topic, until) {
      const stream = streamName(settings.prefix, topic);
      const about = `cannot ask how far group ${group} has come`;
      const info = await callApi(link, { about, until }, (api) =>
        api.consumers.info(stream, consumerName(group)),
      );
      placeOf(group, topic).reached(info.ack_floor.stream_seq);
    },
    async restore(group, topic, until) {
      const place = placeOf(group.group, topic);
      try {
        place.onStream(await streams.ensure(topic, until));
        const startAt = place.next();
        await declareConsumer({ link, settings }, { group, topic, until, startAt });
        place.remade();
      } catch (reason) {
        const error = BusError.from(reason);
        if (error.code !== "permission_denied") throw error;
        const message = `group ${group.group} is missing and this process may not make it: ${error.message}`;
        throw new BusError("not_provisioned", message, { cause: error });
      }
    },
  };
}
