import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Something the lint cannot see, because it is in SQL, in a comment or in the name of a file. */
export interface TextCheck {
  id: string;
  /** What the reader of a finding should do instead. */
  remedy: string;
  /** Ending of the files that are looked at. */
  files: RegExp;
  /** Offsets of the findings in the text of one file. */
  find: (text: string, path: string) => number[];
}

export interface Finding {
  path: string;
  line: number;
  check: string;
  remedy: string;
}

const matches = (pattern: RegExp) => (text: string) => [...text.matchAll(pattern)].map((match) => match.index);

/** Splits the arguments of the call whose opening bracket is at `open`; undefined when the call does not end. */
const argumentsOfCall = (text: string, open: number): string[] | undefined => {
  const found: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = open + 1;
  for (let at = open; at < text.length; at += 1) {
    const character = text[at];
    if (character === "'") quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return [...found, text.slice(start, at).trim()];
    if (character === ',' && depth === 1) {
      found.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return undefined;
};

const setConfigBeyondTheTransaction = (text: string): number[] =>
  matches(/\bset_config\s*\(/gi)(text).filter((offset) => {
    const last = argumentsOfCall(text, text.indexOf('(', offset))?.[2];
    return last !== undefined && last.toLowerCase() !== 'true';
  });

// The patterns are written so that they do not find themselves in this file.
export const TEXT_CHECKS: readonly TextCheck[] = [
  {
    id: 'set-config-is-local',
    remedy:
      'the third argument must be the word true: a setting that outlives its transaction leaks the tenant to the next user of the connection',
    files: /\.(ts|sql)$/,
    find: setConfigBeyondTheTransaction,
  },
  {
    id: 'no-session-setting',
    remedy: 'use SET LOCAL: a setting of the session leaks the tenant to the next user of the connection',
    files: /\.(ts|sql)$/,
    find: matches(/\bSET\s+(?:SESSION\s+)?(?:app|tolem)\.\w+/g),
  },
  {
    id: 'no-leftover-notes',
    remedy: 'do it now, or open an issue and remove the note',
    files: /\.(ts|js|mjs|sql|ya?ml)$/,
    find: matches(/\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/g),
  },
  {
    id: 'files-are-named-after-one-thing',
    remedy: 'name the file after the one thing it exports',
    files: /\.ts$/,
    find: (_text, path) =>
      /(^|-)(utils?|helpers?|manager|info)(\.spec)?\.ts$|^data\.ts$/.test(basename(path)) ? [0] : [],
  },
];

const LOOKED_AT = ['{services,libs,tools,sdk,deploy,docs}/**/*.{ts,js,mjs,sql,yml,yaml}', '*.{js,ts,mjs,yml,yaml}'];
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.tolem', '.nx', 'fixtures']);

/** Paths of the files that are ours, relative to the root, in order. */
export const filesOfTheHouse = (root: string): string[] =>
  globSync(LOOKED_AT, { cwd: root, exclude: (name) => SKIPPED.has(basename(name)) }).sort();

/** Findings of one check in one text. */
export const findInText = (check: TextCheck, path: string, text: string): Finding[] =>
  check.files.test(path)
    ? check.find(text, path).map((offset) => ({
        path,
        line: text.slice(0, offset).split('\n').length,
        check: check.id,
        remedy: check.remedy,
      }))
    : [];

/** Findings of every check in every file of ours under `root`. */
export const runTextChecks = (root: string): Finding[] =>
  filesOfTheHouse(root).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return TEXT_CHECKS.flatMap((check) => findInText(check, path, text));
  });
