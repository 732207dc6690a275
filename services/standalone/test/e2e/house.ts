import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@tolem/testing';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The compiled process, as operators run it. */
export class House {
  #child: ChildProcess | undefined;
  #output = '';
  /** Where health checks and metrics are; known once the process serves. */
  managementPort = 0;

  /** @param preload a module that the process loads before everything else */
  constructor(
    private readonly environment: Record<string, string>,
    private readonly preload?: string,
  ) {}

  async start(): Promise<string> {
    this.#output = '';
    const child = spawn(
      process.execPath,
      [...(this.preload === undefined ? [] : ['--import', this.preload]), MAIN, '--exit-with-parent'],
      {
        env: { PATH: process.env['PATH'], ...this.environment, TOLEM_LOG_LEVEL: 'info' },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    const listen = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    return waitFor('the house to serve', () => {
      if (child.exitCode !== null) throw new Error(this.#output);
      const line = this.#output.split('\n').find((candidate) => candidate.includes('"serving"'));
      if (line === undefined) return undefined;
      const serving = JSON.parse(line) as { url: string; managementPort: number };
      this.managementPort = serving.managementPort;
      return serving.url;
    });
  }

  /** Hears of the end of the process that runs now. */
  death(): { readonly signal: NodeJS.Signals | undefined } {
    const heard: { signal: NodeJS.Signals | undefined } = { signal: undefined };
    this.#child?.once('exit', (_code, signal) => (heard.signal = signal ?? 'SIGTERM'));
    return heard;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }
}
