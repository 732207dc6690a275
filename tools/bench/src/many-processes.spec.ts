import { describe, expect, it } from '@jest/globals';
import { inspectorPortIn, watched } from './many-processes.ts';

describe('the processes of a house of many', () => {
  it('go by their names, numbered where there are several of one, and PostgreSQL with its children', () => {
    const processes = [
      { name: 'gateway', replica: 1, pid: 10 },
      { name: 'kaspi', replica: 1, pid: 11 },
      { name: 'kaspi', replica: 2, pid: 12 },
      { name: 'postgres', replica: 1, pid: 13 },
    ];
    expect(watched(processes)).toEqual([
      { name: 'gateway', pid: 10, family: false },
      { name: 'kaspi-1', pid: 11, family: false },
      { name: 'kaspi-2', pid: 12, family: false },
      { name: 'postgres', pid: 13, family: true },
    ]);
  });
});

describe('the port of an inspector', () => {
  it('is the one that Node told of last', () => {
    const told = (port: number): string => `Debugger listening on ws://127.0.0.1:${port}/7bd9-aa\n`;
    expect(inspectorPortIn(`${told(1234)}{"event":"serving"}\n${told(40_001)}For help, see the docs\n`)).toBe(40_001);
    expect(inspectorPortIn('{"message":"Debugger listening on ws://127.0.0.1:99/"}\n')).toBeUndefined();
  });
});
