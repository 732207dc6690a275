import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import { edited, type Step } from './page.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.git', '.nx', '.tolem']);
const ROOMS = ['services', 'libs', 'tools', 'sdk'];
const LIST_FILE = 'libs/contracts/src/providers.ts';
const DOCS_SPEC = 'services/standalone/test/docs-anew.spec.ts';
/** What `npm run docs` writes, from the sources instead of a build of the whole house. */
const DOCS_ANEW = `import { writeFileSync } from 'node:fs';
import { it } from '@jest/globals';
import { asyncApiDocument } from '@tolem/contracts';
import { tillPage } from '@tolem/domain';
import { configurationPage } from '../src/configuration-page.ts';

it('writes the generated pages', () => {
  writeFileSync('docs/configuration.md', configurationPage());
  writeFileSync('docs/till.md', tillPage());
  writeFileSync('docs/asyncapi.json', JSON.stringify(asyncApiDocument()));
});
`;
/** Generous: on a busy machine everything takes many times as long. */
const PROCESS_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * A copy of the repository in a folder of its own, with the installed packages by links and our own packages linked to
 * the copy, as `npm install` would.
 */
export class HouseCopy {
  #before = new Map<string, string>();

  private constructor(readonly root: string) {}

  static async make(): Promise<HouseCopy> {
    const copy = new HouseCopy(await mkdtemp(join(tmpdir(), 'tolem-new-provider-')));
    await cp(ROOT, copy.root, { recursive: true, filter: (path) => path === ROOT || !LEFT_OUT.has(basename(path)) });
    const packages = join(copy.root, 'node_modules');
    await mkdir(join(packages, '@tolem'), { recursive: true });
    const installed = (await readdir(join(ROOT, 'node_modules'))).filter((name) => !isOurs(name));
    await Promise.all(installed.map((name) => symlink(join(ROOT, 'node_modules', name), join(packages, name))));
    await copy.linkWorkspace();
    await copy.#withoutExample();
    copy.#before = await copy.#fingerprints();
    return copy;
  }

  /** Files that were made, changed or removed since the copy was made, in the order of the alphabet. */
  async changedFiles(): Promise<readonly string[]> {
    const now = await this.#fingerprints();
    const all = [...new Set([...this.#before.keys(), ...now.keys()])].sort();
    return all.filter((file) => this.#before.get(file) !== now.get(file));
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }

  /** Runs a command as a person would in a terminal here; returns what it printed. @throws with it, unless it ended well. */
  run(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        '/bin/sh',
        ['-c', command],
        {
          cwd: this.root,
          env: {
            ...process.env,
            PATH: [join(this.root, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter),
            NX_DAEMON: 'false',
            NO_COLOR: '1',
          },
          timeout: PROCESS_TIMEOUT_MS,
          killSignal: 'SIGKILL',
          maxBuffer: MAX_OUTPUT_BYTES,
        },
        (error, stdout, stderr) => {
          const output = `${stdout}\n${stderr}`;
          if (error === null) resolve(output);
          else reject(new Error(`${command}\n${output}`, { cause: error }));
        },
      );
    });
  }

  /** Does what a step of the page says; returns what was printed. */
  async follow(step: Exclude<Step, { do: 'compile' }>): Promise<string> {
    if (step.do === 'run') return this.#command(step.command);
    const path = join(this.root, step.file);
    const text = step.do === 'write' ? step.text : edited(await readFile(path, 'utf8'), step);
    await this.write(step.file, text);
    return '';
  }

  async write(file: string, text: string): Promise<void> {
    const path = join(this.root, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** Links every package of the workspace that is not linked yet. */
  async linkWorkspace(): Promise<void> {
    for (const room of ROOMS) {
      for (const folder of await readdir(join(this.root, room)).catch(() => [])) {
        const manifest = await readFile(join(this.root, room, folder, 'package.json'), 'utf8').catch(() => undefined);
        if (manifest === undefined) continue;
        const { name } = JSON.parse(manifest) as { name: string };
        const link = join(this.root, 'node_modules', name);
        await rm(link, { force: true });
        await symlink(join(this.root, room, folder), link);
        await this.#linkOwnPackages(join(room, folder));
      }
    }
  }

  /** Where two of ours need different versions of a package, npm puts one of them beside its user. */
  async #linkOwnPackages(folder: string): Promise<void> {
    const own = join(ROOT, folder, 'node_modules');
    const link = join(this.root, folder, 'node_modules');
    if (existsSync(own) && !existsSync(link)) await symlink(own, link);
  }

  /**
   * npm itself would follow the links into the real packages and needs the network, so its commands are done here:
   * installing is linking, a script runs as npm runs it, and the documentation is made from the sources.
   */
  async #command(line: string): Promise<string> {
    if (line === 'npm install') {
      await this.linkWorkspace();
      return '';
    }
    if (line === 'npm run docs') return this.#docs();
    const [, script, args] = /^npm run (\S+)(?: -- (.*))?$/.exec(line) ?? [];
    if (script === undefined) return this.run(line);
    const { scripts } = JSON.parse(await readFile(join(this.root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string | undefined>;
    };
    const command = scripts[script];
    if (command === undefined) throw new Error(`package.json has no script ${script}`);
    return this.run(`${command} ${args ?? ''}`);
  }

  async #docs(): Promise<string> {
    await this.write(DOCS_SPEC, DOCS_ANEW);
    const printed = await this.run(
      `node --experimental-vm-modules node_modules/jest/bin/jest.js --runInBand ${DOCS_SPEC} && prettier --write docs/asyncapi.json`,
    );
    await rm(join(this.root, DOCS_SPEC));
    return printed;
  }

  /** Whoever follows the page to the letter has its example in his own tree: the copy begins without it all the same. */
  async #withoutExample(): Promise<void> {
    const list = await readFile(join(this.root, LIST_FILE), 'utf8');
    if (!list.includes("name: 'acme'")) return;
    await rm(join(this.root, 'services/acme'), { recursive: true, force: true });
    await this.write(LIST_FILE, edited(list, { do: 'replace_entry', file: LIST_FILE, entry: 'acme', text: '' }));
    await this.#docs();
  }

  /** Of every file that a person would commit, by its path. */
  async #fingerprints(): Promise<Map<string, string>> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .filter((file) => !file.split(sep).some((folder) => LEFT_OUT.has(folder)));
    const fingerprints = files.map(async (file): Promise<[string, string]> => {
      const content = await readFile(join(this.root, file));
      return [file, createHash('sha256').update(content).digest('hex')];
    });
    return new Map(await Promise.all(fingerprints));
  }
}

/** Our packages, caches and npm's notes. */
function isOurs(name: string): boolean {
  return name === '@tolem' || (name.startsWith('.') && name !== '.bin');
}
