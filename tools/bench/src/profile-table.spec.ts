import { describe, expect, it } from '@jest/globals';
import { costsOf, packageOf } from './profile-table.ts';

const node = (id: number, functionName: string, url = '', lineNumber = -1, children: number[] = []) => ({
  id,
  children,
  callFrame: { functionName, url, lineNumber },
});

describe('the package of a script', () => {
  it.each([
    ['', 'native'],
    ['node:internal/tls/wrap', 'node'],
    ['file:///house/node_modules/pg/lib/client.js', 'pg'],
    ['file:///house/node_modules/@nestjs/core/router/router.js', '@nestjs/core'],
    ['file:///house/node_modules/a/node_modules/@b/c/index.js', '@b/c'],
    ['file:///house/libs/persistence/dist/outbox.js', '@tolem/persistence'],
    ['file:///house/services/gateway/dist/main.js', '@tolem/gateway'],
  ])('%s is %s', (url, name) => {
    expect(packageOf(url)).toBe(name);
  });
});

describe('the costs in a profile', () => {
  const profile = {
    nodes: [
      node(1, '(root)'),
      node(2, '(idle)'),
      node(3, 'parse', 'file:///h/node_modules/pg/a.js', 9),
      node(4, '(garbage collector)'),
      // The same function reached another way.
      node(5, 'parse', 'file:///h/node_modules/pg/a.js', 9),
      node(6, 'write', 'file:///h/node_modules/pg/b.js', 0),
    ],
    samples: [2, 3, 4, 5, 6, 2],
    timeDeltas: [5_000, 1_000, 2_000, 3_000, 2_000, 7_000],
  };

  it('are shares of the time that was not idle, one line per function', () => {
    const { busyMs, idleMs, functions } = costsOf(profile);
    expect({ busyMs, idleMs }).toEqual({ busyMs: 8, idleMs: 12 });
    expect(functions.map(({ what, package: owner, selfMs, share }) => [what, owner, selfMs, share])).toEqual([
      ['parse a.js:10', 'pg', 4, 0.5],
      ['(garbage collector)', 'v8', 2, 0.25],
      ['write b.js:1', 'pg', 2, 0.25],
    ]);
  });

  it('add up by package', () => {
    const { packages } = costsOf(profile);
    expect(packages.map(({ what, selfMs }) => [what, selfMs])).toEqual([
      ['pg', 6],
      ['v8', 2],
    ]);
  });

  it('of the platform count for the package that called it, however deep', () => {
    const called = {
      nodes: [
        node(1, '(root)', '', -1, [2, 5]),
        node(2, 'send', 'file:///h/node_modules/pg/a.js', 0, [3]),
        node(3, 'write', 'node:net', 0, [4]),
        node(4, 'writev'),
        node(5, 'onread', 'node:net', 0, [6]),
        node(6, 'writev'),
      ],
      samples: [4, 6, 3],
      timeDeltas: [3_000, 1_000, 2_000],
    };
    const { functions, packages } = costsOf(called);
    expect(functions.map(({ what, package: owner, selfMs }) => [what, owner, selfMs])).toEqual([
      ['writev', 'native for pg', 3],
      ['write net:1', 'node for pg', 2],
      ['writev', 'native', 1],
    ]);
    expect(packages.map(({ what, selfMs }) => [what, selfMs])).toEqual([
      ['pg', 5],
      ['native', 1],
    ]);
  });
});
