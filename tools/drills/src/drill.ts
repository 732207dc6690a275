import type { DrillHouse } from './drill-house.ts';
import type { Load } from './load.ts';

/** What a drill has in its hands while the load goes on. */
export interface Scene {
  house: DrillHouse;
  load: Load;
  /** Runs every variant, not a few. */
  long: boolean;
  /** One of the drill's waits, scaled; never shorter than the design's own waits need. */
  wait: (ms: number, atLeastMs?: number) => Promise<void>;
  say: (text: string) => void;
  /** Tells of something that must not be: the drill goes on, and was not passed. */
  failed: (what: string) => void;
}

export interface Drill {
  name: string;
  /** What is done, for the table. */
  title: string;
  /** Breaks something and puts it back. Resolves when the fault is over, with what is worth knowing. */
  run: (scene: Scene) => Promise<string[]>;
}
