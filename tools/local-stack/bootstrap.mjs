// @ts-check
// The first program that runs in a fresh clone: plain JavaScript without dependencies, so that it works before anything
// is installed and can tell an old Node what is wrong. It installs, builds and hands over to the Node that Tolem runs on.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Lowest version that may run npm here, and the lowest that runs Tolem itself. */
const LEAST_NPM_NODE = [20, 19, 0];
const LEAST_RUN_NODE = [24, 9, 0];
const INSTALL_TIMEOUT_MS = 20 * 60_000;
const PARENT_POLL_MS = 250;
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** @type {Record<string, { script: string, build: boolean }>} */
const COMMANDS = {
  start: { script: 'tools/local-stack/dist/commands/start.js', build: true },
  stack: { script: 'tools/local-stack/dist/commands/stack.js', build: true },
  demo: { script: 'tools/local-stack/dist/commands/demo.js', build: true },
  bench: { script: 'tools/bench/dist/main.js', build: true },
  drill: { script: 'tools/drills/dist/main.js', build: true },
  // The test command checks before it builds, and builds by itself.
  test: { script: 'tools/checks/src/test-command.ts', build: false },
};

/** A failure told as one sentence. */
export class Refusal extends Error {}

/**
 * @param {string} version as in process.versions.node
 * @param {number[]} least
 * @returns {boolean}
 */
export function isAtLeast(version, least) {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  for (let i = 0; i < least.length; i += 1) {
    const difference = (parts[i] || 0) - (least[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * What a failed step's output means for a person; undefined when it needs to be read.
 * @param {string} log
 * @param {string} root
 * @returns {string | undefined}
 */
export function sentenceOfLog(log, root) {
  if (/\bENOSPC\b|no space left on device|\bEDQUOT\b/i.test(log)) {
    return `The disk is full at ${root}: free some space (about 1 GB) and run the command again.`;
  }
  if (/\bEROFS\b/.test(log))
    return `The file system of ${root} is read-only: clone the repository to a place that can be written.`;
  if (/\b(EACCES|EPERM)\b/.test(log)) {
    return `No permission to write in ${root} or in npm's cache: make this user their owner, or run as the user who owns them.`;
  }
  if (/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED|ECONNRESET)\b/.test(log)) {
    return 'The package registry cannot be reached: check the network (or npm\'s "registry" and "proxy" settings) and run the command again.';
  }
  return undefined;
}

/**
 * @param {unknown} error
 * @param {string} root
 * @returns {string | undefined}
 */
function sentenceOfError(error, root) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return sentenceOfLog(code, root);
}

/**
 * Whether what npm recorded as installed is what the lock asks for. Packages for other systems may be missing.
 * @param {string} lockText package-lock.json
 * @param {string} installedText node_modules/.package-lock.json
 * @returns {boolean}
 */
export function installedMatches(lockText, installedText) {
  /** @typedef {Record<string, { version?: string, optional?: boolean, peer?: boolean } | undefined>} Packages */
  try {
    /** @type {Packages} */
    const wanted = JSON.parse(lockText).packages;
    /** @type {Packages} */
    const present = JSON.parse(installedText).packages;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '' || entry === undefined) return true;
      const found = present[path];
      return found === undefined ? entry.optional === true : found.version === entry.version;
    });
  } catch {
    return false;
  }
}

/**
 * A fingerprint of everything that a build reads, by names, sizes and times: 20 ms instead of the seconds that asking
 * the build tool takes. A wrong "changed" costs a cached build; times change whenever contents do.
 * @param {string} root
 * @returns {string}
 */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const addFile = (path) => {
    const found = statSync(join(root, path), { throwIfNoEntry: false });
    hash.update(`${path}\0${found ? `${found.size}\0${found.mtimeMs}` : 'absent'}\n`);
  };
  /** @param {string} folder */
  const addFolder = (folder) => {
    for (const entry of listed(join(root, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) addFolder(path);
      else if (!entry.name.endsWith('.spec.ts')) addFile(path);
    }
  };
  for (const file of ['.swcrc', 'nx.json', 'package-lock.json']) addFile(file);
  for (const project of projects(root)) {
    addFile(`${project}/package.json`);
    addFolder(`${project}/src`);
  }
  return hash.digest('hex');
}

/** @param {string} folder */
function listed(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {string} root
 * @returns {string[]}
 */
function projects(root) {
  return ['services', 'libs', 'tools'].flatMap((room) =>
    listed(join(root, room))
      .filter((entry) => entry.isDirectory() && existsSync(join(root, room, entry.name, 'src')))
      .map((entry) => `${room}/${entry.name}`),
  );
}

/** @param {string} path */
const readOr = (path, fallback = '') => (existsSync(path) ? readFileSync(path, 'utf8') : fallback);

/**
 * Shows that a long step is alive: a line that counts on a terminal, a line every ten seconds elsewhere.
 * @param {string} title
 */
function ticking(title) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const terminal = process.stdout.isTTY === true;
  if (!terminal) console.log(`${title} …`);
  const timer = setInterval(
    () => (terminal ? process.stdout.write(`\r${title} … ${seconds()} s`) : console.log(`${title} … ${seconds()} s`)),
    terminal ? 1000 : 10_000,
  );
  /** @param {string} outcome */
  return (outcome) => {
    clearInterval(timer);
    console.log(`${terminal ? '\r' : ''}${title}: ${outcome} after ${seconds()} s`);
  };
}

/**
 * Runs a long step; its output goes to a log, whose end is shown if it fails.
 * @param {{ root: string, title: string, logName: string, command: string, args: string[], env?: Record<string, string>, timeoutMs: number, shell?: boolean }} step
 */
async function runStep(step) {
  const logFolder = join(step.root, '.tolem', 'logs');
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, step.logName);
  const log = openSync(logFile, 'w');
  const done = ticking(step.title);
  const child = spawn(step.command, step.args, {
    cwd: step.root,
    env: { ...process.env, ...step.env },
    stdio: ['ignore', log, log],
    shell: step.shell === true,
  });
  const stop = passSignals(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), step.timeoutMs);
  /** @type {{ code: number | null, signal: NodeJS.Signals | null, error?: Error }} */
  const end = await new Promise((settle) => {
    child.once('error', (error) => settle({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => settle({ code, signal }));
  });
  clearTimeout(timer);
  closeSync(log);
  const asked = stop();
  if (asked !== undefined) {
    done('stopped');
    process.exit(128 + constants.signals[asked]);
  }
  done(end.code === 0 ? 'done' : 'failed');
  if (end.code === 0) return;
  const text = readOr(logFile);
  const plain = sentenceOfLog(text, step.root);
  if (plain !== undefined) throw new Refusal(`${plain} (Details: ${logFile})`);
  const why = end.error
    ? `${step.command} cannot be run (${end.error.message})`
    : end.signal
      ? `it was ended by ${end.signal}`
      : `it ended with code ${end.code}`;
  throw new Refusal(
    `${text.split('\n').slice(-40).join('\n').trim()}\n\n${step.title} failed: ${why}. The whole output is in ${logFile}`,
  );
}

/**
 * Passes signals on to a child; the returned function stops doing so and tells which signal came.
 * @param {import('node:child_process').ChildProcess} child
 */
function passSignals(child) {
  /** @type {NodeJS.Signals[]} */
  const passed = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  /** @type {NodeJS.Signals | undefined} */
  let got;
  const handlers = passed.map((signal) => {
    const handler = () => {
      got = signal;
      child.kill(signal);
    };
    process.on(signal, handler);
    return /** @type {const} */ ([signal, handler]);
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    return got;
  };
}

/** @param {string} root */
async function install(root) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const stamp = createHash('sha256').update(lockText).digest('hex');
  const stampFile = join(root, 'node_modules', '.tolem-installed');
  if (readOr(stampFile).trim() === stamp) return;
  // Somebody may have run "npm ci" by hand, which leaves no stamp of ours but its own record.
  if (!installedMatches(lockText, readOr(join(root, 'node_modules', '.package-lock.json')))) {
    const npm = process.env['npm_execpath'];
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    const isScript = npm !== undefined && /\.c?js$/.test(npm) && existsSync(npm);
    await runStep({
      root,
      title: 'Installing packages',
      logName: 'install.log',
      command: isScript ? process.execPath : 'npm',
      args: isScript ? [npm, ...args] : args,
      shell: !isScript && process.platform === 'win32',
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
  }
  writeFileSync(stampFile, `${stamp}\n`);
}

/**
 * The Node that Tolem runs on: brought by npm for this system, or the running one if it is recent enough.
 * @param {string} root
 * @returns {string}
 */
function findNode(root) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const brought = join(
    root,
    'node_modules',
    `node-${platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(brought)) {
    // It may be there and not run, on a system with another C library for example.
    const asked = spawnSync(brought, ['--version'], { encoding: 'utf8', timeout: 20_000 });
    if (asked.status === 0 && isAtLeast(asked.stdout.trim(), LEAST_RUN_NODE)) return brought;
  }
  if (isAtLeast(process.versions.node, LEAST_RUN_NODE)) return process.execPath;
  throw new Refusal(
    `npm brings no Node ${LEAST_RUN_NODE[0]} for ${process.platform} ${process.arch}, and this one is ${process.versions.node}: install Node 24.9 or newer and run the command again.`,
  );
}

/**
 * @param {string} root
 * @param {string} node
 */
async function build(root, node) {
  const stampFile = join(root, 'node_modules', '.tolem-built');
  const stamp = sourceStamp(root);
  const whole = projects(root).every((project) => existsSync(join(root, project, 'dist')));
  if (whole && readOr(stampFile).trim() === stamp) return;
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules/nx/package.json'), 'utf8'));
  await runStep({
    root,
    title: 'Building',
    logName: 'build.log',
    command: node,
    args: [join(root, 'node_modules/nx', manifest.bin.nx), 'run-many', '-t', 'build', '--outputStyle=static'],
    env: { ...pathWith(root), NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  writeFileSync(stampFile, `${stamp}\n`);
}

/**
 * The Node of node_modules comes first for whatever our children run by name.
 * @param {string} root
 * @returns {Record<string, string>}
 */
function pathWith(root) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') || 'PATH';
  return { [name]: [join(root, 'node_modules', '.bin'), process.env[name] || ''].join(delimiter) };
}

/**
 * Runs the command itself and ends as it ended. The channel beside the inherited streams tells the child when we are
 * gone without having been able to pass a signal on.
 * @param {string} root
 * @param {string} node
 * @param {string} script
 * @param {string[]} args
 */
async function handOver(root, node, script, args) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, ...pathWith(root) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const stop = passSignals(child);
  const stopWatching = watchNpm(() => child.kill('SIGTERM'));
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => settle({ code, signal }));
  });
  stop();
  stopWatching();
  process.exitCode = end.code === null ? 128 + (end.signal ? constants.signals[end.signal] : 0) : end.code;
}

/**
 * npm runs its scripts in a shell and passes signals to that shell alone, which may die without telling us. Nobody can
 * stop a house whose npm is gone, so it ends with it. Started without npm, it may outlive whoever started it.
 * @param {() => void} gone
 */
function watchNpm(gone) {
  if (process.env['npm_lifecycle_event'] === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, PARENT_POLL_MS);
  return () => clearInterval(timer);
}

/** @param {string[]} argv */
async function main(argv) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  try {
    if (!isAtLeast(process.versions.node, LEAST_NPM_NODE)) {
      throw new Refusal(
        `Node ${process.versions.node} is too old: install Node ${LEAST_NPM_NODE.slice(0, 2).join('.')} or newer (24 is best) and run the command again.`,
      );
    }
    const [name, ...args] = argv;
    const command = name === undefined ? undefined : COMMANDS[name];
    if (name === undefined || command === undefined) {
      throw new Refusal(`Unknown command "${name || ''}": use one of ${Object.keys(COMMANDS).join(', ')}.`);
    }
    const help = join(root, 'tools/local-stack/help', `${name}.txt`);
    if (args.some((arg) => arg === '--help' || arg === '-h') && existsSync(help)) {
      process.stdout.write(readFileSync(help, 'utf8'));
      return;
    }
    // Who looks at what runs, or stops it, must not build anew what it runs from.
    const looking = args.some((arg) => /^--(status|stop|logs)\b/.test(arg)) && existsSync(join(root, command.script));
    if (!looking) await install(root);
    const node = findNode(root);
    if (command.build && !looking) await build(root, node);
    await handOver(root, node, command.script, args);
  } catch (error) {
    const plain = error instanceof Refusal ? error.message : sentenceOfError(error, root);
    console.error(plain !== undefined ? plain : error);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
}
