export interface SpecTime {
  /** Relative to the root. */
  path: string;
  ms: number;
}

export interface TimeSpent {
  totalMs: number;
  /** What a run should take at most. */
  aimMs: number;
  /** Checks of one phase run side by side: together they take as long as the longest of them. */
  checks: readonly { title: string; ms: number }[];
  specs: readonly SpecTime[];
  /** Content of a spec file, by its path. */
  textOf: (path: string) => string;
}

/** What a spec imports that starts databases, servers or whole services. */
export const STARTS_SOMETHING =
  /from '(@tolem\/(testing|sandbox)|[^']*(harness|house|running-bank|tls-fixtures|test-server)[^']*)'/;

const KINDS = ['unit', 'contract', 'database', 'service', 'end-to-end'] as const;
export type SpecKind = (typeof KINDS)[number];

const SLOWEST = 10;

/** `contract`: carries out the cases that every carrier or store has to pass; `service`: starts processes of its own. */
export const kindOfSpec = (path: string, text: string): SpecKind => {
  if (/\/test\/e2e\/|\.e2e\.spec\./.test(path)) return 'end-to-end';
  if (/\.(service|slow)\.spec\./.test(path)) return 'service';
  if (/from '[^']*-contract\.ts'/.test(text)) return 'contract';
  return STARTS_SOMETHING.test(text) ? 'database' : 'unit';
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(9);

/** Where the time of a run went, for people: each check, the specs by kind, and the slowest spec files. */
export const timeBudget = ({ totalMs, aimMs, checks, specs, textOf }: TimeSpent): string => {
  const lines = [`── time: ${seconds(totalMs).trim()} of ${seconds(aimMs).trim()}, without the installation ──`];
  for (const { title, ms } of checks) lines.push(`  ${seconds(ms)}  ${title}`);
  if (specs.length > 0) lines.push('   spec files, two at a time:');
  const byKind = Map.groupBy(specs, ({ path }) => kindOfSpec(path, textOf(path)));
  for (const kind of KINDS) {
    const files = byKind.get(kind) ?? [];
    if (files.length === 0) continue;
    const ms = files.reduce((sum, file) => sum + file.ms, 0);
    lines.push(`  ${seconds(ms)}  ${kind} (${files.length} ${files.length === 1 ? 'file' : 'files'})`);
  }
  if (specs.length > 0) lines.push('   the slowest of them:');
  for (const { path, ms } of specs.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST)) {
    lines.push(`  ${seconds(ms)}  ${path}`);
  }
  return `${lines.join('\n')}\n`;
};
