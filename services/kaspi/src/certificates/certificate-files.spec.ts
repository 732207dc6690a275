import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock, ManualClock, systemClock } from '@tolem/domain';
import { readPfx } from '@tolem/egress';
import type { CertificatePair } from '@tolem/provider-kit';
import { waitFor } from '@tolem/testing';
import { CertificateFiles } from './certificate-files.ts';
import { certificateFiles, type CertificateFilesEntry } from './certificate-files.schema.ts';

const ID = `crt_${'0'.repeat(26)}`;
const PASS_PHRASE = 'secret-4711';
const OLD_PFX = fileURLToPath(new URL('../../../../libs/egress/test/pfx/rc2-40.pfx', import.meta.url));
const PFX_WITH_ROOT = fileURLToPath(new URL('../../../../libs/egress/test/pfx/aes-chain.pfx', import.meta.url));
const LOOK_EVERY_MS = 10;
const HOUR_MS = 3_600_000;

let folder: string;
let brought: { id: string; pair: CertificatePair; changed: boolean }[];
let errors: string[];
let files: CertificateFiles | undefined;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-certificate-files-'));
  brought = [];
  errors = [];
});
afterEach(async () => {
  await files?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function opened(): { readonly certificate: string; readonly key: string } {
  const read = readPfx(readFileSync(OLD_PFX), PASS_PHRASE);
  if (!read.ok) throw new Error(read.detail);
  return { certificate: read.certificatePem, key: read.privateKeyPem };
}

async function watch(entry: CertificateFilesEntry, clock: Clock = systemClock): Promise<void> {
  files = await CertificateFiles.read({ [ID]: entry }, clock.now());
  await files.start({
    bring: async (id, pair, changed) => void brought.push({ id, pair, changed }),
    clock,
    logger: { error: (...said: unknown[]) => void errors.push(JSON.stringify(said)), info: () => undefined },
    lookEveryMs: LOOK_EVERY_MS,
  });
}

/** Counts how often somebody has looked whether it is time. */
class WatchedClock extends ManualClock {
  looks = 0;

  override monotonicMs(): number {
    this.looks += 1;
    return super.monotonicMs();
  }
}

describe('certificate files', () => {
  it('are a PFX of any age with its pass phrase in a file', async () => {
    copyFileSync(OLD_PFX, at('kaspi.pfx'));
    writeFileSync(at('pass'), `${PASS_PHRASE}\n`);
    await watch({ pfx: at('kaspi.pfx'), pass_phrase_file: at('pass') });
    expect(brought).toMatchObject([{ id: ID, changed: false, pair: { privateKeyPem: opened().key } }]);
  });

  it('with the bank’s root among them and no `ca` have the bank’s server checked by that root', async () => {
    copyFileSync(PFX_WITH_ROOT, at('kaspi.pfx'));
    writeFileSync(at('pass'), PASS_PHRASE);
    await watch({ pfx: at('kaspi.pfx'), pass_phrase_file: at('pass') });
    const trusted = brought[0]?.pair.caPem?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    const names = trusted.map((pem) => new X509Certificate(pem).subject);
    expect(names.toSorted()).toEqual(['CN=Spec Issuing CA', 'CN=Spec Root CA']);
  });

  it('that are half written keep what was there, are said once, and are taken when they are whole', async () => {
    const { certificate, key } = opened();
    writeFileSync(at('tls.crt'), certificate);
    writeFileSync(at('tls.key'), key);
    await watch({ certificate: at('tls.crt'), private_key: at('tls.key') });
    expect(brought).toHaveLength(1);
    writeFileSync(at('tls.key'), key.slice(0, 300));
    await waitFor('the error', () => errors.length > 0);
    writeFileSync(at('tls.crt'), 'half');
    writeFileSync(at('tls.key'), key);
    await waitFor('another error', () => errors.length > 1);
    expect(brought).toHaveLength(1);
    writeFileSync(at('tls.crt'), certificate);
    await waitFor('the whole pair', () => brought.length > 1);
    expect(brought[1]).toMatchObject({ id: ID, changed: true });
    expect(errors.length).toBeLessThanOrEqual(4);
    for (const line of key.split('\n').filter((part) => part.length > 40)) expect(errors.join()).not.toContain(line);
  });

  it('that have not changed are brought again after an hour, then after two, for one that could not take over', async () => {
    const { certificate, key } = opened();
    writeFileSync(at('tls.crt'), certificate);
    writeFileSync(at('tls.key'), key);
    const clock = new WatchedClock(systemClock.now());
    await watch({ certificate: at('tls.crt'), private_key: at('tls.key') }, clock);
    for (const [index, hours] of [1, 2].entries()) {
      clock.advance(hours * HOUR_MS - 1);
      const seen = clock.looks;
      await waitFor('two looks', () => clock.looks > seen + 1);
      expect(brought).toHaveLength(1 + index);
      clock.advance(1);
      await waitFor('them to be brought again', () => brought.length === 2 + index);
    }
    expect(brought.map(({ changed }) => changed)).toEqual([false, false, false]);
  });

  it('that vanish keep what was there', async () => {
    const { certificate, key } = opened();
    writeFileSync(at('tls.crt'), certificate);
    writeFileSync(at('tls.key'), key);
    await watch({ certificate: at('tls.crt'), private_key: at('tls.key') });
    rmSync(at('tls.key'));
    await waitFor('the error', () => errors.length > 0);
    expect(errors[0]).toContain('ENOENT');
    expect(brought).toHaveLength(1);
  });

  it.each<[string, () => void, RegExp]>([
    ['a wrong pass phrase', () => writeFileSync(at('pass'), 'wrong'), /pass phrase/],
    ['a missing file', () => rmSync(at('kaspi.pfx')), /kaspi\.pfx cannot be read \(ENOENT\)/],
    ['a file of a megabyte', () => writeFileSync(at('kaspi.pfx'), Buffer.alloc(1_048_576)), /larger than/],
    ['nonsense', () => writeFileSync(at('kaspi.pfx'), 'nonsense'), /not a PFX/],
  ])('with %s stop the start with a message that names them', async (_, spoil, message) => {
    copyFileSync(OLD_PFX, at('kaspi.pfx'));
    writeFileSync(at('pass'), PASS_PHRASE);
    spoil();
    const error: unknown = await CertificateFiles.read(
      { [ID]: { pfx: at('kaspi.pfx'), pass_phrase_file: at('pass') } },
      systemClock.now(),
    ).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(ID);
    expect(String(error)).not.toContain(PASS_PHRASE);
  });

  it('past their end stop the start as well', async () => {
    const { certificate, key } = opened();
    writeFileSync(at('tls.crt'), certificate);
    writeFileSync(at('tls.key'), key);
    const entry = { certificate: at('tls.crt'), private_key: at('tls.key') };
    await expect(CertificateFiles.read({ [ID]: entry }, Date.UTC(2060, 0, 1))).rejects.toThrow('ended on 2046');
  });
});

describe('TOLEM_KASPI_CERTIFICATE_FILES', () => {
  it('names for each certificate its PEM files or its PFX', () => {
    const text = JSON.stringify({ [ID]: { pfx: '/run/secrets/kaspi.pfx', pass_phrase_file: '/run/secrets/pass' } });
    expect(certificateFiles.parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    'none',
    '[]',
    '{"crt_1": {"pfx": "/a"}}',
    `{"${ID}": {}}`,
    `{"${ID}": {"certificate": "/a"}}`,
    `{"${ID}": {"pfx": "/a", "certificate": "/b", "private_key": "/c"}}`,
    `{"${ID}": {"pfx": "/a", "pass_phrase": "in the open"}}`,
  ])('is not %s', (text) => {
    expect(certificateFiles.safeParse(text).success).toBe(false);
  });
});
