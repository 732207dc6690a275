import type { Drill } from './drill.ts';

/** Several faults at the same time. */
export const together = (...drills: readonly Drill[]): Drill => ({
  ...named(drills),
  run: async (scene) => (await Promise.all(drills.map((drill) => drill.run(scene)))).flat(),
});

/** Several faults, each as soon as the one before is over. */
export const inTurn = (...drills: readonly Drill[]): Drill => ({
  ...named(drills),
  run: async (scene) => {
    const notes: string[] = [];
    for (const drill of drills) notes.push(...(await drill.run(scene)));
    return notes;
  },
});

const named = (drills: readonly Drill[]): Pick<Drill, 'name' | 'title'> => ({
  name: drills.map(({ name }) => name).join('+'),
  title: drills.map(({ title }) => title).join('; '),
});
