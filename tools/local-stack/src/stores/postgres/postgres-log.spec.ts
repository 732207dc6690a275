import { describe, expect, it } from '@jest/globals';
import { reasonInLog } from './postgres-log.ts';

const line = (text: string): string => `2026-11-22 15:39:57.099 UTC [6366] ${text}\n`;

describe('why a server did not start', () => {
  it.each([
    ['disk_full', line('FATAL:  could not write lock file "postmaster.pid": No space left on device')],
    [
      'port_taken',
      line('WARNING:  could not create listen socket') + line('FATAL:  could not create any TCP/IP sockets'),
    ],
    ['shared_memory', line('FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use')],
    ['permission', line('FATAL:  data directory "/d" has invalid permissions')],
    ['other', line('PANIC:  could not locate a valid checkpoint record at 0/1')],
  ])('%s is told from what it wrote', (kind, text) => {
    expect(reasonInLog(text).kind).toBe(kind);
  });

  it('gives the last serious word without time and process id', () => {
    const text =
      line('LOG:  starting') + line('PANIC:  could not locate a valid checkpoint record') + line('LOG:  shut down');
    expect(reasonInLog(text).detail).toBe('could not locate a valid checkpoint record');
    expect(reasonInLog('').detail).toBe('it said nothing');
  });
});
