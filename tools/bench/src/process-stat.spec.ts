import { describe, expect, it } from '@jest/globals';
import { readContextSwitches, readKilobytes, readMachineStat, readProcessStat } from './process-stat.ts';

const line = (name: string): string =>
  `4711 (${name}) S 4700 4711 4711 0 -1 4194560 9 9 0 0 230 45 17 6 20 0 11 0 999 1 2 3 4 5 6 7 8 9`;

describe('/proc/<pid>/stat', () => {
  it.each(['node', 'postgres: worker (idle)', ') S 1 (', 'a b c'])('is read for a process named %j', (name) => {
    expect(readProcessStat(line(name))).toEqual({ parentPid: 4700, ownTicks: 275, endedChildrenTicks: 23 });
  });

  it.each(['', 'nonsense', '4711 (node)', '4711 (node) S x y z'])('is not made up from %j', (text) => {
    expect(readProcessStat(text)).toBeUndefined();
  });
});

describe('kilobytes of a process', () => {
  it('are found by their whole name', () => {
    const status = 'VmHWM:\t  300 kB\nVmRSS:\t   12345 kB\nPss:    77 kB\n';
    expect(readKilobytes(status, 'VmRSS')).toBe(12_345);
    expect(readKilobytes(status, 'Pss')).toBe(77);
    expect(readKilobytes(status, 'RSS')).toBeUndefined();
  });
});

describe('/proc/stat', () => {
  it('adds up what was busy, not what was idle or waited for a disk, and counts a guest once', () => {
    expect(readMachineStat('cpu  100 20 30 9000 800 4 5 6 70 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n')).toBe(165);
  });

  it.each(['', 'cpu0 1 2 3 4 5 6 7 8', 'cpu  1 2 3'])('is not made up from %j', (text) => {
    expect(readMachineStat(text)).toBeUndefined();
  });
});

describe('the waits of a thread', () => {
  it('are those that it chose, not those that the kernel forced on it', () => {
    const status = 'Name:\tnode\nvoluntary_ctxt_switches:\t4711\nnonvoluntary_ctxt_switches:\t12\n';
    expect(readContextSwitches(status)).toBe(4_711);
    expect(readContextSwitches('nonvoluntary_ctxt_switches:\t12\n')).toBeUndefined();
  });
});
