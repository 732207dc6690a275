import type { Clock } from '@tolem/domain';

const TIME_WIDTH = 10;

/** What happens, told line by line, each with the time since the line before. */
export class Story {
  private readonly write: (text: string) => void;
  private readonly clock: Clock;
  private readonly startedMs: number;
  private lastMs: number;

  constructor(write: (text: string) => void, clock: Clock) {
    this.write = write;
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
    this.lastMs = this.startedMs;
  }

  /** Whole milliseconds since the story began. */
  get tookMs(): number {
    return Math.round(this.clock.monotonicMs() - this.startedMs);
  }

  /** Something has happened. */
  tell(what: string): void {
    const nowMs = this.clock.monotonicMs();
    this.write(`  ${`+${Math.round(nowMs - this.lastMs)} ms`.padStart(TIME_WIDTH)}  ${what}`);
    this.lastMs = nowMs;
  }

  /** More about what was told last. */
  aside(what: string): void {
    this.write(`${' '.repeat(TIME_WIDTH + 4)}${what}`);
  }

  line(text = ''): void {
    this.write(text);
  }

  /** How it ended, with the time of all of it. */
  end(how: string): void {
    this.write(`  ${`${this.tookMs} ms`.padStart(TIME_WIDTH)}  in all: ${how}`);
  }
}
