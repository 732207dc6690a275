import { readFile, realpath, stat } from 'node:fs/promises';
import { checkClientCertificate, enclosedAuthorities, readPfx, readPrivateKey } from '@tolem/egress';
import type { CertificatePair } from '@tolem/provider-kit';
import type { CertificateFilesEntry } from './certificate-files.schema.ts';

export type ReadPair =
  | { readonly ok: true; readonly pair: CertificatePair }
  /** Names files and what is wrong with them, never what stands in them. */
  | { readonly ok: false; readonly detail: string };

/** More than any chain or PFX has. */
const MAX_FILE_BYTES = 256 * 1024;

class Unusable extends Error {}

/** Reads one certificate from its files and judges it as a whole. Total. @param now epoch milliseconds */
export async function readCertificateFiles(entry: CertificateFilesEntry, now: number): Promise<ReadPair> {
  try {
    return { ok: true, pair: await pairOf(entry, now) };
  } catch (error) {
    return { ok: false, detail: error instanceof Unusable ? error.message : 'its files cannot be read' };
  }
}

/**
 * What tells that files are other ones or were written to: where links lead (Kubernetes swaps a link of a folder), and
 * when and how large. Missing files give a value too.
 */
export async function fingerprintOfFiles(entry: CertificateFilesEntry): Promise<string> {
  const all = Object.values<string | undefined>(entry).filter((path) => path !== undefined);
  return JSON.stringify(await Promise.all(all.map(fingerprintOf)));
}

async function fingerprintOf(path: string): Promise<string> {
  try {
    const target = await realpath(path);
    const { ino, size, mtimeNs, ctimeNs } = await stat(target, { bigint: true });
    return [target, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'missing';
  }
}

async function pairOf(entry: CertificateFilesEntry, now: number): Promise<CertificatePair> {
  const passPhrase = entry.pass_phrase_file === undefined ? '' : await passPhraseIn(entry.pass_phrase_file);
  const own = 'pfx' in entry ? await fromPfx(entry.pfx, passPhrase) : await fromPem(entry, passPhrase);
  const caPem = entry.ca === undefined ? undefined : (await contentOf(entry.ca)).toString('utf8');
  const checked = checkClientCertificate(
    {
      certificatePem: own.certificatePem,
      key: { privateKeyPem: own.privateKeyPem },
      ...(caPem === undefined ? {} : { caPem }),
      wholeChain: false,
    },
    now,
  );
  if (!checked.ok) throw new Unusable(`${nameOf(entry)}: ${checked.detail}`);
  const trusted = caPem ?? enclosedAuthorities(own.certificatePem);
  return {
    ...own,
    ...(trusted === undefined ? {} : { caPem: trusted }),
    notAfter: checked.notAfter.getTime(),
    fingerprint: checked.fingerprint256,
  };
}

async function fromPfx(path: string, passPhrase: string): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const read = readPfx(await contentOf(path), passPhrase);
  if (!read.ok) throw new Unusable(`${path}: ${read.detail}`);
  return { certificatePem: read.certificatePem + read.chainPem, privateKeyPem: read.privateKeyPem };
}

async function fromPem(
  entry: Extract<CertificateFilesEntry, { certificate: string }>,
  passPhrase: string,
): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const key = readPrivateKey((await contentOf(entry.private_key)).toString('utf8'), passPhrase);
  if (!key.ok) throw new Unusable(`${entry.private_key}: ${key.detail}`);
  return { certificatePem: (await contentOf(entry.certificate)).toString('utf8'), privateKeyPem: key.privateKeyPem };
}

/** The end of a line behind it is the editor's. */
async function passPhraseIn(path: string): Promise<string> {
  return (await contentOf(path)).toString('utf8').replace(/\r?\n$/, '');
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Unusable(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof Unusable) throw error;
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
    throw new Unusable(`${path} cannot be read (${code})`);
  }
}

function nameOf(entry: CertificateFilesEntry): string {
  return 'pfx' in entry ? entry.pfx : entry.certificate;
}
