import { type Clock, systemClock } from '@tolem/domain';
import type { Output } from './output.ts';

/** A terminal shows the seconds running; elsewhere one line now and then proves that nothing hangs. */
const TERMINAL_TICK_MS = 250;
const PLAIN_TICK_MS = 10_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Elapsed time for people: `0.9 s`, `12.3 s`, `2 min 5 s`. */
export function displayDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export interface Step {
  /** Says more about what is going on inside the step. */
  note(text: string): void;
}

/** Shows the steps of a long command as they go on, each with its time. */
export class Progress {
  private readonly output: Output;
  private readonly clock: Clock;

  constructor(output: Output, clock: Clock = systemClock) {
    this.output = output;
    this.clock = clock;
  }

  get isTerminal(): boolean {
    return this.output.isTerminal;
  }

  line(text = ''): void {
    this.output.write(`${text}\n`);
  }

  /** Runs one step. `outcome` turns its result into what stands behind the title when it is done. */
  async step<T>(title: string, work: (step: Step) => Promise<T>, outcome?: (result: T) => string): Promise<T> {
    const startedMs = this.clock.monotonicMs();
    let note = '';
    const elapsed = (): string => displayDuration(this.clock.monotonicMs() - startedMs);
    const running = (): string => `  … ${title}${note === '' ? '' : `: ${note}`}`;
    const terminal = this.output.isTerminal;
    const show = (): void =>
      this.output.write(terminal ? `${CLEAR_LINE}${running()} ${elapsed()}` : `${running()} ${elapsed()}\n`);
    if (terminal) show();
    const ticker = setInterval(show, terminal ? TERMINAL_TICK_MS : PLAIN_TICK_MS);
    const end = (mark: string, text: string): void => {
      clearInterval(ticker);
      this.output.write(`${terminal ? CLEAR_LINE : ''}  ${mark} ${`${title}${text}`.padEnd(64)} ${elapsed()}\n`);
    };
    try {
      const result = await work({
        note: (text) => {
          note = text;
          if (!terminal) show();
        },
      });
      const said = outcome?.(result) ?? '';
      end('✓', said === '' ? '' : `: ${said}`);
      return result;
    } catch (error) {
      end('✗', '');
      throw error;
    }
  }
}
