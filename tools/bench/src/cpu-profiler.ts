import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { cpuProfile, type CpuProfile } from './profile-table.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const SAMPLING_INTERVAL_US = 500;

const targets = z.array(z.looseObject({ webSocketDebuggerUrl: z.url() })).min(1);
const message = z.looseObject({
  id: z.int().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});

/**
 * Profiles another Node process over its inspector for exactly as long as is wanted; `node --cpu-prof` would profile its
 * start and its end too.
 */
export class CpuProfiler {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener('message', (event) => this.hear(String(event.data)));
    socket.addEventListener('close', () => this.failAll('the inspector has gone'));
    socket.addEventListener('error', () => this.failAll('the inspector cannot be reached'));
  }

  static async start(port: number): Promise<CpuProfiler> {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const [target] = targets.parse(await answer.json());
    if (target === undefined) throw new Error('the process has no inspector target');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')), { once: true });
    });
    const profiler = new CpuProfiler(socket);
    await profiler.ask('Profiler.enable');
    await profiler.ask('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
    await profiler.ask('Profiler.start');
    return profiler;
  }

  /** Ends the profile and writes it where asked, in the form that every viewer reads. */
  async stop(file: string): Promise<CpuProfile> {
    try {
      const { profile } = z.looseObject({ profile: z.unknown() }).parse(await this.ask('Profiler.stop'));
      await writeFile(file, JSON.stringify(profile));
      return cpuProfile.parse(profile);
    } finally {
      this.socket.close();
    }
  }

  private ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} was not answered in time`)), ANSWER_TIMEOUT_MS);
      this.waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  private hear(text: string): void {
    let heard: z.output<typeof message>;
    try {
      heard = message.parse(JSON.parse(text));
    } catch (error) {
      this.failAll(`the inspector says what cannot be understood: ${String(error)}`);
      return;
    }
    const { id, result, error } = heard;
    if (id === undefined) return;
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`the inspector refused: ${JSON.stringify(error)}`));
  }

  private failAll(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}
