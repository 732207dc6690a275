import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '@tolem/domain';
import { readPfx } from '@tolem/egress';
import type { CertificatePair } from '@tolem/provider-kit';
import { waitFor } from '@tolem/testing';
import { CertificateFiles } from '../src/certificates/certificate-files.ts';
import type { CertificateFilesEntry } from '../src/certificates/certificate-files.schema.ts';

const ID = `crt_${'0'.repeat(26)}`;
const PASS_PHRASE = 'secret-4711';
const LOOK_EVERY_MS = 10;
const PFX_FOLDER = fileURLToPath(new URL('../../../libs/egress/test/pfx/', import.meta.url));

let folder: string;
let files: CertificateFiles | undefined;
let brought: { readonly pair: CertificatePair; readonly changed: boolean }[];
let errors: string[];
/** How often the files were read. */
let readings: number;
const at = (name: string): string => join(folder, name);
const put = (source: string, name: string): void => copyFileSync(join(PFX_FOLDER, source), at(name));
const passPhrase = (text: string): void => writeFileSync(at('pass'), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-changed-files-'));
  brought = [];
  errors = [];
  readings = 0;
});
afterEach(async () => {
  await files?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const clock: Clock = {
  now() {
    readings += 1;
    return systemClock.now();
  },
  monotonicMs: () => systemClock.monotonicMs(),
};

async function watch(entry: CertificateFilesEntry): Promise<void> {
  files = await CertificateFiles.read({ [ID]: entry }, systemClock.now());
  await files.start({
    bring: async (_id, pair, changed) => void brought.push({ pair, changed }),
    clock,
    logger: { error: (...said: unknown[]) => void errors.push(JSON.stringify(said)), info: () => undefined },
    lookEveryMs: LOOK_EVERY_MS,
  });
  expect(brought).toHaveLength(1);
}

interface Change {
  readonly name: string;
  readonly before: () => CertificateFilesEntry;
  /** Leaves a pass phrase that does not fit. */
  readonly spoil: () => void;
  /** The file that the problem is told of. */
  readonly file: string;
}

const pfx = (): CertificateFilesEntry => ({ pfx: at('kaspi.pfx'), pass_phrase_file: at('pass') });

const CHANGES: readonly Change[] = [
  {
    name: 'a PFX whose pass phrase is changed alone',
    before: () => {
      put('rc2-40.pfx', 'kaspi.pfx');
      return pfx();
    },
    spoil: () => passPhrase('another'),
    file: 'kaspi.pfx',
  },
  {
    name: 'a new PFX together with a pass phrase that is not its own',
    before: () => {
      put('rc2-40.pfx', 'kaspi.pfx');
      return pfx();
    },
    spoil: () => {
      passPhrase('another');
      put('triple-des.pfx', 'kaspi.pfx');
    },
    file: 'kaspi.pfx',
  },
  {
    name: 'an encrypted key whose pass phrase is changed alone',
    before: () => {
      const read = readPfx(readFileSync(join(PFX_FOLDER, 'rc2-40.pfx')), PASS_PHRASE);
      if (!read.ok) throw new Error(read.detail);
      writeFileSync(at('tls.crt'), read.certificatePem);
      put('rc2-key.pem', 'tls.key');
      return { certificate: at('tls.crt'), private_key: at('tls.key'), pass_phrase_file: at('pass') };
    },
    spoil: () => passPhrase('another'),
    file: 'tls.key',
  },
];

describe('certificate files that are changed while the service runs', () => {
  it.each(CHANGES)('$name: what was there stays, it is said once, and the right one is taken', async (change) => {
    passPhrase(PASS_PHRASE);
    await watch(change.before());
    change.spoil();
    await waitFor('the error', () => errors.length > 0);
    const seen = readings;
    await waitFor('further readings', () => readings > seen + 2);
    expect(brought).toHaveLength(1);
    expect(errors.at(-1)).toContain(ID);
    expect(errors.at(-1)).toMatch(new RegExp(`${change.file}: .*pass phrase`));
    passPhrase(PASS_PHRASE);
    await waitFor('the pair', () => brought.length > 1);
    expect(brought[1]).toMatchObject({ changed: true, pair: { fingerprint: expect.any(String) } });
    // Between two writes a look may see the new file beside the old pass phrase, and nothing else twice.
    expect(new Set(errors).size).toBe(errors.length);
    expect(errors.join()).not.toMatch(new RegExp(`${PASS_PHRASE}|"another"|PRIVATE KEY`));
  });
});
