import type { Told, ToldBook } from './told.ts';

/** Something that events tell of, as the API shows it. */
export interface Shown<Status extends string> {
  id: string;
  status: Status;
  late: boolean;
  version: number;
}

/** Who tells, beside the API. */
export interface Tellers {
  /** Read by cursor; told of these payments and refunds at least. */
  events: Pick<ToldBook, 'payments' | 'refunds'>;
  /** One entry per delivered event. */
  webhooks: Pick<ToldBook, 'payments' | 'refunds'>;
}

/** How what was told of payments, or of refunds, differs from what our books say of them. */
export function toldDifferences<Status extends string>(
  ours: readonly Shown<Status>[],
  events: readonly Told<Status>[],
  webhooks: readonly Told<Status>[],
  canMove: (from: Status, to: Status) => boolean,
): string[] {
  const read = Map.groupBy(events, ({ of }) => of);
  const delivered = Map.groupBy(webhooks, ({ of }) => of);
  return ours.flatMap((it) => [
    ...lastAgrees(it, read.get(it.id) ?? [], 'events'),
    ...onlyForward(read.get(it.id) ?? [], canMove),
    ...lastAgrees(it, delivered.get(it.id) ?? [], 'webhooks'),
    ...neverDelivered(read.get(it.id) ?? [], delivered.get(it.id) ?? []),
  ]);
}

/** Of what was told, in any order, the newest says what our books say. */
function lastAgrees<Status extends string>(it: Shown<Status>, told: readonly Told<Status>[], where: string): string[] {
  const last = told.reduce<Told<Status> | undefined>(
    (newest, each) => (newest === undefined || each.version > newest.version ? each : newest),
    undefined,
  );
  if (last === undefined) return [`${it.id} is not in the ${where}`];
  const agrees = last.status === it.status && last.late === it.late && last.version <= it.version;
  return agrees ? [] : [`${it.id} is ${it.status} and the ${where} end with ${last.status}`];
}

/** A state that was overwritten by an older one shows here even where it was put right again. */
function onlyForward<Status extends string>(
  told: readonly Told<Status>[],
  canMove: (from: Status, to: Status) => boolean,
): string[] {
  return told.flatMap((event, at) => {
    const before = told[at - 1];
    if (before === undefined) return [];
    const risen = event.version > before.version;
    const allowed = event.status === before.status || canMove(before.status, event.status);
    return risen && allowed
      ? []
      : [
          `${event.of} went from ${before.status} (${before.version}) to ${event.status} (${event.version}) in the events`,
        ];
  });
}

function neverDelivered(read: readonly Told<string>[], delivered: readonly Told<string>[]): string[] {
  const came = new Set(delivered.map(({ event }) => event));
  return read
    .filter(({ event }) => !came.has(event))
    .map(({ event, of, status }) => `${event} (${of} ${status}) never came as a webhook`);
}
