import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createLogger, Shutdown, stopOnSignals } from './index.ts';

function recording(): { shutdown: Shutdown; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const logger = createLogger({ service: 's', level: 'info', stream: { write: (line) => void written.push(line) } });
  return {
    shutdown: new Shutdown(logger),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('shutdown', () => {
  it('runs the steps one after the other in the order of adding', async () => {
    const { shutdown, lines } = recording();
    const order: string[] = [];
    for (const name of ['http', 'bus', 'database']) {
      const stop = async (): Promise<void> => {
        order.push(`${name} begins`);
        await new Promise((next) => setImmediate(next));
        order.push(`${name} ends`);
      };
      shutdown.add(name, stop, 1_000);
    }
    expect(await shutdown.run('test')).toBe(true);
    expect(order).toEqual(['http', 'bus', 'database'].flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(lines().map((line) => line.step ?? line.message)).toEqual([
      'shutting down',
      'http',
      'bus',
      'database',
      'shut down',
    ]);
  });

  it('a step that fails or hangs is logged and does not keep the next from running', async () => {
    const { shutdown, lines } = recording();
    let last = false;
    shutdown.add('fails', () => Promise.reject(new Error('broken')), 1_000);
    shutdown.add('hangs', () => new Promise(() => undefined), 20);
    shutdown.add('last', () => void (last = true), 1_000);
    expect(await shutdown.run('test')).toBe(false);
    expect(last).toBe(true);
    const errors = lines().filter((line) => line.level === 'error');
    expect(errors).toEqual([
      expect.objectContaining({ step: 'fails', err: expect.objectContaining({ message: 'broken' }) }),
      expect.objectContaining({ step: 'hangs', err: expect.objectContaining({ message: 'not done within 20 ms' }) }),
    ]);
  });

  it('runs once, however often it is asked, and takes no more steps', async () => {
    const { shutdown } = recording();
    let runs = 0;
    shutdown.add('a', () => void (runs += 1), 1_000);
    expect(await Promise.all([shutdown.run('x'), shutdown.run('y')])).toEqual([true, true]);
    expect(runs).toBe(1);
    expect(() => shutdown.add('b', () => undefined, 1)).toThrow('too late');
  });
});

describe('signals', () => {
  it.each([
    ['0 after a clean end', () => undefined, 0],
    [
      '1 after a step that failed',
      () => {
        throw new Error('broken');
      },
      1,
    ],
  ])('the first runs the shutdown and exits with %s', async (_, stop, code) => {
    const { shutdown } = recording();
    shutdown.add('a', stop, 1_000);
    const source = new EventEmitter();
    const exited = new Promise((exit) => stopOnSignals(shutdown, source, exit));
    source.emit('SIGTERM');
    expect(await exited).toBe(code);
  });

  it('the second exits at once', () => {
    const { shutdown } = recording();
    shutdown.add('waits', () => new Promise(() => undefined), 10);
    const source = new EventEmitter();
    const codes: number[] = [];
    stopOnSignals(shutdown, source, (code) => void codes.push(code));
    source.emit('SIGINT');
    expect(codes).toEqual([]);
    source.emit('SIGTERM');
    expect(codes).toEqual([130]);
    return shutdown.run('the end of the test');
  });

  it('are no longer heard after the returned function was called', () => {
    const { shutdown } = recording();
    const source = new EventEmitter();
    stopOnSignals(shutdown, source, () => undefined)();
    expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0);
  });
});
