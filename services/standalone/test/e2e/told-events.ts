import { PAYMENT_TRANSITIONS, REFUND_TRANSITIONS } from '@tolem/domain';
import type { Chain } from './chain.ts';

/** As much of an event as these specs look at. */
export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly object: {
      readonly id: string;
      readonly object: string;
      readonly status: string;
      readonly version: number;
    };
  };
}

/** A payment or a refund as the API shows it. */
export interface ShownSubject {
  readonly id: string;
  readonly status: string;
  readonly version: number;
}

const PAGE = 100;
/** Told beside the event of the same version. */
const BESIDE = ['payment.late', 'payment.duplicate'];

/** Every event of a chain from the first one on, read by cursor as a back office does. */
export async function everyEvent(chain: Chain): Promise<readonly ToldEvent[]> {
  const events: ToldEvent[] = [];
  for (let after = ''; ;) {
    const page = await chain.get<{ data: ToldEvent[]; next: string }>(
      `/v1/events?limit=${PAGE}${after === '' ? '' : `&after=${after}`}`,
    );
    events.push(...page.data);
    if (page.data.length === 0) return events;
    after = encodeURIComponent(page.next);
  }
}

/**
 * How what was told differs from what is shown: of every subject each version is told once, from the first to the one
 * that is shown, in their order, and states only move forward.
 */
export function toldWrongly(shown: readonly ShownSubject[], events: readonly ToldEvent[]): string[] {
  const ids = new Set(events.map(({ id }) => id));
  const told = Map.groupBy(
    events.filter(({ type }) => !BESIDE.includes(type)),
    ({ data }) => data.object.id,
  );
  return [
    ...(ids.size === events.length ? [] : [`${events.length - ids.size} events were read twice`]),
    ...shown.flatMap((subject) => trouble(subject, told.get(subject.id) ?? [])),
  ];
}

function trouble({ id, status, version }: ShownSubject, events: readonly ToldEvent[]): string[] {
  const said = events.map(({ type, data }) => ({ type, ...data.object }));
  const versions = said.map((each) => each.version);
  const gapless = JSON.stringify(versions) === JSON.stringify(Array.from({ length: version }, (_, no) => no + 1));
  const forward = said.every(
    (each, at) =>
      at === 0 || each.type.endsWith('.updated') || moves(each.object, said[at - 1]?.status ?? '', each.status),
  );
  const agrees = said.at(-1)?.status === status;
  if (gapless && forward && agrees) return [];
  return [`${id} is ${status} (${version}); told: ${said.map((each) => `${each.type} ${each.version}`).join(', ')}`];
}

function moves(object: string, from: string, to: string): boolean {
  const ways: Readonly<Record<string, readonly string[]>> =
    object === 'refund' ? REFUND_TRANSITIONS : PAYMENT_TRANSITIONS;
  return ways[from]?.includes(to) === true;
}

/** An event as a webhook brought it. */
export interface Delivery {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly event: ToldEvent;
}

/**
 * How what webhooks brought differs from what was read: each event comes at least once, says the same every time and
 * under the same id, and none comes that nobody can read. What comes in another order is put right by its version, as
 * readers are told to; so that of each delivery has to be that of its event.
 */
export function deliveredWrongly(events: readonly ToldEvent[], deliveries: readonly Delivery[]): string[] {
  const read = new Map(events.map((event) => [event.id, gist(event)]));
  const came = new Set(deliveries.map(({ id }) => id));
  return [
    ...events.filter(({ id }) => !came.has(id)).map(({ id, type }) => `${id} (${type}) never came`),
    ...deliveries
      .filter(({ id, event }) => event.id !== id || read.get(id) !== gist(event))
      .map(({ id, event }) => `${id} came as ${gist(event)}, and can be read as ${read.get(id) ?? 'nothing'}`),
  ];
}

/** What an event says whenever it is shown; a till's countdown depends on the moment. */
function gist({ id, type, data: { object } }: ToldEvent): string {
  return `${id} ${type} ${object.id} ${object.status} ${object.version}`;
}
