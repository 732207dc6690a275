/** A metric that is filled when the page is asked for: emptied before, and left out of the page when that fails. */
export interface Collected {
  readonly name: string;
  clear(): void;
}

export interface Collector {
  name: string;
  fills: readonly Collected[];
  run: () => Promise<void> | void;
  timeoutMs: number;
}

interface Entry extends Collector {
  /** The run that has not come back yet: a collector that hangs is not started a second time. */
  running?: Promise<void>;
}

const MAX_COLLECTORS = 200;

/** Everything that is looked up for the page, all at once and each within its own time. */
export class Collectors {
  readonly #entries = new Map<string, Entry>();

  /** TypeError for a name that is taken. */
  add(collector: Collector): void {
    if (this.#entries.has(collector.name)) throw new TypeError(`there is a collector ${collector.name} already`);
    if (this.#entries.size >= MAX_COLLECTORS) throw new RangeError(`more than ${MAX_COLLECTORS} collectors`);
    this.#entries.set(collector.name, { ...collector });
  }

  /** Runs them all and gives those that failed or were too late. Never rejects. */
  async run(): Promise<Collector[]> {
    const due = [...this.#entries.values()].filter((entry) => entry.running === undefined);
    // All are emptied before any runs: two collectors may fill the same metric under different labels.
    for (const metric of due.flatMap((entry) => entry.fills)) metric.clear();
    const outcomes = await Promise.all(
      [...this.#entries.values()].map(async (entry) => ({ entry, ok: await ran(entry) })),
    );
    return outcomes.filter(({ ok }) => !ok).map(({ entry }) => entry);
  }
}

async function ran(entry: Entry): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), entry.timeoutMs);
  });
  const done = join(entry).then(
    () => true,
    () => false,
  );
  const ok = await Promise.race([done, late]);
  clearTimeout(timer);
  return ok;
}

function join(entry: Entry): Promise<void> {
  if (entry.running !== undefined) return entry.running;
  const running = (async () => entry.run())();
  entry.running = running;
  const forget = (): void => {
    delete entry.running;
  };
  running.then(forget, forget);
  return running;
}
