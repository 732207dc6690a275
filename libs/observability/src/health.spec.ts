import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Health, startManagementServer } from './index.ts';
import type { ManagementServer } from './index.ts';

const options = { kind: 'ready', timeoutMs: 1_000 } as const;
let server: ManagementServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${server?.port}${path}`, init);
  return { status: answer.status, body: await answer.json() };
}

describe('health', () => {
  it('is well only when every check of the kind is, and runs no check of the other kind', async () => {
    const health = new Health();
    const ran: string[] = [];
    health.register('database', () => void ran.push('database'), options);
    health.register('loop', () => void ran.push('loop'), { kind: 'live', timeoutMs: 100 });
    expect(await health.ready()).toEqual({
      ok: true,
      checks: [{ name: 'database', ok: true, ms: expect.any(Number) }],
    });
    expect(ran).toEqual(['database']);
    health.register('bus', async () => Promise.reject(new Error('not connected')), options);
    const report = await health.ready();
    expect(report.ok).toBe(false);
    expect(report.checks).toEqual([
      expect.objectContaining({ name: 'database', ok: true }),
      expect.objectContaining({ name: 'bus', ok: false, reason: 'not connected' }),
    ]);
    expect((await health.live()).ok).toBe(true);
  });

  it('a reason carries no secret', async () => {
    const health = new Health();
    const check = (): void => {
      throw new Error('postgres://tolem:pa55word@db refused, key tlm_live_abc');
    };
    health.register('database', check, options);
    expect(JSON.stringify(await health.ready())).not.toMatch(/pa55word|live_abc/);
  });

  it('a check that hangs fails at its deadline and is not started a second time until it comes back', async () => {
    const health = new Health();
    let started = 0;
    let comeBack: () => void = () => undefined;
    const check = (): Promise<void> => {
      started += 1;
      return new Promise((resolve) => (comeBack = resolve));
    };
    health.register('slow', check, { kind: 'live', timeoutMs: 20 });
    expect((await health.live()).checks[0]?.reason).toBe('no answer within 20 ms');
    expect((await health.live()).ok).toBe(false);
    expect(started).toBe(1);
    comeBack();
    await new Promise((next) => setImmediate(next));
    const again = health.live();
    expect(started).toBe(2);
    comeBack();
    expect((await again).ok).toBe(true);
  });

  it('a name is given once', () => {
    const health = new Health();
    health.register('database', () => undefined, options);
    expect(() => health.register('database', () => undefined, options)).toThrow(TypeError);
  });
});

describe('the management server', () => {
  it('answers 200 while well, 503 with the reason when not, and 503 from the beginning of the shutdown', async () => {
    const health = new Health();
    let broken = false;
    const check = (): void => {
      if (broken) throw new Error('no database');
    };
    health.register('database', check, options);
    server = await startManagementServer({ port: 0, host: '127.0.0.1', health });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { ok: true } });
    expect(await get('/livez')).toEqual({ status: 200, body: { ok: true, checks: [] } });
    broken = true;
    expect(await get('/readyz?verbose')).toMatchObject({
      status: 503,
      body: { ok: false, checks: [{ reason: 'no database' }] },
    });
    broken = false;
    health.beginShutdown();
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { ok: false } });
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });

  it('knows nothing else', async () => {
    server = await startManagementServer({ port: 0, host: '127.0.0.1', health: new Health() });
    expect((await get('/metrics')).status).toBe(404);
    expect((await get('/constructor')).status).toBe(404);
    expect((await get('/livez', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('a port that is taken is an error, and closing does not wait for idle connections', async () => {
    server = await startManagementServer({ port: 0, host: '127.0.0.1', health: new Health() });
    const { port } = server;
    await expect(startManagementServer({ port, host: '127.0.0.1', health: new Health() })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    const idle = connect(port, '127.0.0.1');
    await new Promise((connected) => idle.once('connect', connected));
    const ended = new Promise((close) => idle.on('error', () => undefined).once('close', close));
    await server.close();
    await ended;
  });
});
