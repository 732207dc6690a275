import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The house's own files as they are written, without a build in between. */
const SOURCE_FLAGS = [
  '--conditions=@tolem/source',
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
];

/** A program of test/programs over a folder, whose words are heard and which can be stopped or killed. */
export class StartedProgram {
  readonly process: ChildProcess;
  readonly ended: Promise<number | string>;
  private readonly deadlineMs: number;
  private said = '';

  constructor(
    program: string,
    folder: string,
    args: readonly string[],
    env: Record<string, string> = {},
    deadlineMs = 60_000,
  ) {
    this.deadlineMs = deadlineMs;
    this.process = spawn(process.execPath, [...SOURCE_FLAGS, program, folder, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', STUB_FOLDER: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    }
    this.ended = once(this.process, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  }

  get text(): string {
    return this.said;
  }

  /** Until a text was printed; a program that ends before, or says nothing of the kind in time, fails with what it said. */
  async says(text: string): Promise<void> {
    const deadline = AbortSignal.timeout(this.deadlineMs);
    while (!this.said.includes(text)) {
      const news = Promise.race([
        once(this.process.stdout ?? this.process, 'data', { signal: deadline }),
        this.ended.then(() => Promise.reject(new Error('ended'))),
      ]);
      await news.catch(() => {
        if (!this.said.includes(text)) throw new Error(`never said "${text}":\n${this.said}`);
      });
    }
  }

  async stop(): Promise<number | string> {
    this.process.kill('SIGTERM');
    return this.ended;
  }
}
