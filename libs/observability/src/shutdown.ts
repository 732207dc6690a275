import { systemClock } from '@tolem/domain';
import type { Clock } from '@tolem/domain';
import type { Logger } from './logger.ts';

interface Step {
  name: string;
  stop: () => Promise<void> | void;
  timeoutMs: number;
}

/**
 * The orderly end of a process: steps run one after the other in the order in which they were added, each within its own
 * time. A step that fails or hangs is logged and does not keep the next from running.
 */
export class Shutdown {
  readonly #steps: Step[] = [];
  #run: Promise<boolean> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly clock: Pick<Clock, 'monotonicMs'> = systemClock,
  ) {}

  add(name: string, stop: Step['stop'], timeoutMs: number): void {
    if (this.#run !== undefined) throw new Error(`too late to add ${name}: the shutdown has begun`);
    this.#steps.push({ name, stop, timeoutMs });
  }

  /** Runs once, however often it is called; true if every step ended well. Never rejects. */
  run(reason: string): Promise<boolean> {
    this.#run ??= this.#runAll(reason);
    return this.#run;
  }

  async #runAll(reason: string): Promise<boolean> {
    this.logger.info({ reason, steps: this.#steps.map((step) => step.name) }, 'shutting down');
    let clean = true;
    for (const step of this.#steps) clean = (await this.#runStep(step)) && clean;
    this.logger.info({ clean }, 'shut down');
    return clean;
  }

  async #runStep({ name, stop, timeoutMs }: Step): Promise<boolean> {
    const startedMs = this.clock.monotonicMs();
    const ms = (): number => Math.max(0, Math.round(this.clock.monotonicMs() - startedMs));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([(async () => stop())(), late]);
      this.logger.info({ step: name, ms: ms() }, 'stopped');
      return true;
    } catch (err) {
      this.logger.error({ step: name, ms: ms(), err }, 'did not stop cleanly');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The part of `process` that matters here. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * The first SIGTERM or SIGINT runs the shutdown and then exits: 0 if it was clean, else 1. A second one exits at once with
 * 130. Returns a function that stops listening.
 */
export function stopOnSignals(shutdown: Shutdown, source: SignalSource, exit: (code: number) => void): () => void {
  let asked = false;
  const listenerFor = (signal: NodeJS.Signals) => (): void => {
    if (asked) return exit(130);
    asked = true;
    void shutdown.run(signal).then((clean) => exit(clean ? 0 : 1));
  };
  const listeners = (['SIGTERM', 'SIGINT'] as const).map((signal) => ({ signal, listener: listenerFor(signal) }));
  for (const { signal, listener } of listeners) source.on(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener);
  };
}
