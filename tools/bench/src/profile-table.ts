import { z } from 'zod';

/** The part of V8's .cpuprofile that a table of costs needs; times in microseconds. */
export const cpuProfile = z.looseObject({
  nodes: z.array(
    z.looseObject({
      id: z.int(),
      children: z.array(z.int()).optional(),
      callFrame: z.looseObject({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.output<typeof cpuProfile>;

export interface Cost {
  /** Function and place, or package. */
  what: string;
  /** Whose it is; of the platform's functions also for whom they worked: `native for pg`. */
  package: string;
  selfMs: number;
  /** Of the time that the process was not idle. */
  share: number;
}

export interface ProfileCosts {
  busyMs: number;
  idleMs: number;
  functions: Cost[];
  /** Self time of each package with what it made the platform do. */
  packages: Cost[];
}

/**
 * Which package a script belongs to: `@tolem/persistence` for what is ours, the package's name for what is not, `node`
 * for the platform's scripts, `native` for functions without one, `v8` for the collector and the like.
 */
export function packageOf(url: string, functionName = ''): string {
  if (url === '') return functionName.startsWith('(') ? 'v8' : 'native';
  if (url.startsWith('node:')) return 'node';
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (installed !== undefined) return installed;
  const ours = /\/(?:libs|services|tools)\/([^/]+)\/(?:dist|src)\//.exec(url)?.[1];
  return ours === undefined ? url : `@tolem/${ours}`;
}

/** Self time by function and by package, most expensive first. */
export function costsOf(profile: CpuProfile): ProfileCosts {
  const byNode = new Map<number, number>();
  profile.samples.forEach((node, index) => {
    byNode.set(node, (byNode.get(node) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0));
  });
  const owners = ownersOf(profile);
  const functions = new Map<string, Cost>();
  const packages = new Map<string, Cost>();
  let busyUs = 0;
  let idleUs = 0;
  for (const { id, callFrame } of profile.nodes) {
    const us = byNode.get(id) ?? 0;
    if (us === 0) continue;
    if (callFrame.functionName === '(idle)') {
      idleUs += us;
      continue;
    }
    busyUs += us;
    const own = packageOf(callFrame.url, callFrame.functionName);
    const owner = owners.get(id) ?? own;
    const file =
      callFrame.url
        .replace(/^node:/, '')
        .split('/')
        .at(-1) ?? '';
    const place = file === '' ? '' : ` ${file}:${callFrame.lineNumber + 1}`;
    add(
      functions,
      `${callFrame.functionName || '(anonymous)'}${place}`,
      owner === own ? own : `${own} for ${owner}`,
      us,
    );
    add(packages, owner, owner, us);
  }
  const finish = (costs: Map<string, Cost>): Cost[] =>
    [...costs.values()]
      .map((cost) => ({ ...cost, selfMs: cost.selfMs / 1_000, share: cost.selfMs / busyUs }))
      .sort((a, b) => b.selfMs - a.selfMs);
  return {
    busyMs: busyUs / 1_000,
    idleMs: idleUs / 1_000,
    functions: finish(functions),
    packages: finish(packages),
  };
}

const isPlatform = (name: string): boolean => name === 'node' || name === 'native';

/** Of each node the package that it belongs to or, for the platform's, that of the nearest caller that is not. */
function ownersOf(profile: CpuProfile): Map<number, string> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const owners = new Map<number, string>();
  const roots = new Set(nodes.keys());
  for (const { children } of profile.nodes) for (const child of children ?? []) roots.delete(child);
  // A list of what is to be done instead of recursion, for stacks are deep.
  const open = [...roots].map((id) => ({ id, above: undefined as string | undefined }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = nodes.get(next.id);
    if (node === undefined) continue;
    const own = packageOf(node.callFrame.url, node.callFrame.functionName);
    const owner = isPlatform(own) ? (next.above ?? own) : own;
    owners.set(next.id, owner);
    const above = isPlatform(owner) || owner === 'v8' ? undefined : owner;
    for (const id of node.children ?? []) open.push({ id, above });
  }
  return owners;
}

function add(costs: Map<string, Cost>, what: string, owner: string, us: number): void {
  const key = `${owner} ${what}`;
  const known = costs.get(key);
  if (known === undefined) costs.set(key, { what, package: owner, selfMs: us, share: 0 });
  else known.selfMs += us;
}
