import type { Drill, Scene } from './drill.ts';
import { REPLICAS, type Service } from './drill-house.ts';

/** Between two replicas, so that the first one's return is seen before the second one's end. */
const BETWEEN_MS = 3_000;
const HELD_MS = 40_000;
/** A member of a consumer group is missed after 6 s, and what it held is taken over after that. */
const LEAST_HELD_MS = 8_000;
/** A service ends in order within so long (architecture §4). */
const STOPS_WITHIN_MS = 30_000;

async function eachReplica(
  scene: Scene,
  work: (replica: number) => Promise<string[]>,
  replicas = REPLICAS,
): Promise<string[]> {
  const notes: string[] = [];
  for (let replica = 1; replica <= replicas; replica += 1) {
    notes.push(...(await work(replica)));
    if (replica < replicas) await scene.wait(BETWEEN_MS, 1_000);
  }
  return notes;
}

export const killed = (service: Service, replicas = REPLICAS): Drill => ({
  name: `kill-${service}`,
  title: `kill -9 of ${replicas === 1 ? 'one' : 'each'} ${service}, started again`,
  run: (scene) =>
    eachReplica(
      scene,
      async (replica) => {
        const { house } = scene.house;
        await house.stopService(service, replica, 'SIGKILL');
        await house.startService(service, replica);
        return [];
      },
      replicas,
    ),
});

export const rolled = (service: Service): Drill => ({
  name: `roll-${service}`,
  title: `rolling restart of ${service}`,
  run: (scene) =>
    eachReplica(scene, async (replica) => {
      const { house } = scene.house;
      const startedMs = performance.now();
      const how = await house.stopService(service, replica);
      const tookMs = performance.now() - startedMs;
      await house.startService(service, replica);
      if (how !== 'code 0') scene.failed(`${service} ${replica} ended with ${how}`);
      if (tookMs >= STOPS_WITHIN_MS) scene.failed(`${service} ${replica} took ${seconds(tookMs)} to end`);
      const inOrder = how === 'code 0' ? 'ended in order' : `ENDED WITH ${how}`;
      const backMs = performance.now() - startedMs - tookMs;
      return [
        `${service} ${replica} ${inOrder} after ${seconds(tookMs)}${tookMs < STOPS_WITHIN_MS ? '' : ', WHICH IS TOO LONG'}, was back after ${seconds(backMs)}`,
      ];
    }),
});

/** It may neither send nor overwrite anything when it goes on: the books show it. */
export const held = (service: Service): Drill => ({
  name: `hold-${service}`,
  title: `SIGSTOP of one ${service}, SIGCONT after 40 s`,
  run: async ({ house, wait }) => {
    const { pid } = house.process(service);
    process.kill(pid, 'SIGSTOP');
    try {
      await wait(HELD_MS, LEAST_HELD_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    return [];
  },
});

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
