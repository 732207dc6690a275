import { PlainFailure } from '../terminal/plain-failure.ts';
import { SERVICES } from './stack-env.ts';

/** How many processes of each service run. */
export type Replicas = ReadonlyMap<string, number>;

/** One of each. */
export const ONE_OF_EACH: Replicas = new Map(SERVICES.map((service) => [service, 1]));

export const MAX_REPLICAS = 8;

/** Reads `kaspi=2,gateway=2`; who is not named runs once. @throws PlainFailure naming what cannot be understood. */
export function readReplicas(text: string): Replicas {
  const replicas = new Map(ONE_OF_EACH);
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [, service = '', count = ''] = /^([a-z_]+)=(\d{1,2})$/.exec(part.trim()) ?? [];
    if (service === '') {
      throw new PlainFailure(`--replicas needs service=number, such as kaspi=2,gateway=2, not "${text}".`);
    }
    if (!replicas.has(service)) {
      throw new PlainFailure(`--replicas names "${service}", which is no service: choose of ${SERVICES.join(', ')}.`);
    }
    if (named.has(service)) throw new PlainFailure(`--replicas names ${service} twice.`);
    if (Number(count) > MAX_REPLICAS) {
      throw new PlainFailure(`--replicas runs at most ${MAX_REPLICAS} of a service, not ${count} of ${service}.`);
    }
    named.add(service);
    replicas.set(service, Number(count));
  }
  return replicas;
}
