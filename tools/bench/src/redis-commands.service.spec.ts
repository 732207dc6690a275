import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { commandsBetween, readCommandStats, redisCommands } from './redis-commands.ts';

const stats = [
  '# Commandstats',
  'cmdstat_evalsha:calls=30,usec=1500,usec_per_call=50.00,rejected_calls=0,failed_calls=0',
  'cmdstat_client|setinfo:calls=2,usec=4,usec_per_call=2.00,rejected_calls=0,failed_calls=0',
  'cmdstat_info:calls=9,usec=90,usec_per_call=10.00,rejected_calls=0,failed_calls=0',
  '',
].join('\r\n');

async function answering(pieces: readonly string[], work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((socket) => {
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    await work(`redis://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`);
  } finally {
    server.close();
  }
}

describe('what Redis carried out', () => {
  it('is read by command, without our own question', () => {
    expect(readCommandStats(stats)).toEqual([
      { name: 'evalsha', calls: 30, totalMs: 1.5 },
      { name: 'client|setinfo', calls: 2, totalMs: 0.004 },
    ]);
  });

  it('is asked for over a plain connection, in however many pieces the answer comes', async () => {
    const answer = `$${stats.length}\r\n${stats}\r\n`;
    await answering([answer.slice(0, 3), answer.slice(3, 60), answer.slice(60)], async (url) => {
      expect((await redisCommands(url)).map(({ name }) => name)).toEqual(['evalsha', 'client|setinfo']);
    });
  });

  it('between two moments is the difference, most frequent first, without what was not used', () => {
    const before = [
      { name: 'get', calls: 5, totalMs: 1 },
      { name: 'zadd', calls: 7, totalMs: 1 },
    ];
    const after = [
      { name: 'get', calls: 6, totalMs: 1.5 },
      { name: 'zadd', calls: 7, totalMs: 1 },
      { name: 'evalsha', calls: 4, totalMs: 2 },
    ];
    expect(commandsBetween(before, after)).toEqual([
      { name: 'evalsha', calls: 4, totalMs: 2 },
      { name: 'get', calls: 1, totalMs: 0.5 },
    ]);
  });
});
