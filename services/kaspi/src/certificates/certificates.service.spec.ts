import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { CuttableRoad } from '../../test/cuttable-road.ts';
import { CertificateHouse } from './test/certificate-house.ts';

const LONG_MS = 20_000;
/** Of the new version and of the one in use, each. */
const FOUR_TRIALS = 8;
/** Versions that are tried at the same time. */
const MOST_AT_ONCE = 20;

let house: CertificateHouse;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-certificates-'));
  house = await CertificateHouse.open();
  await house.start();
});
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What openssl itself says of a request; the package openssl has to be installed. */
function openssl(csr: string): string {
  const file = join(folder, 'request.csr');
  writeFileSync(file, csr);
  return execFileSync('sh', ['-c', 'openssl req -in "$0" -noout -verify -text 2>&1', file], { encoding: 'utf8' });
}

async function requested(): Promise<{ readonly id: string; readonly csr: string }> {
  const id = house.ids.next('crt');
  house.createCsr(id);
  const { csr } = await house.reached(id, 1, 'requested');
  return { id, csr: csr ?? '' };
}

describe('a certificate made here', () => {
  it('begins with the request that the bank asks for, which openssl verifies', async () => {
    const { csr } = await requested();
    const text = openssl(csr);
    expect(text).toContain('verify OK');
    expect(text).toMatch(
      /Subject: C ?= ?KZ, ST ?= ?Almaty, L ?= ?Almaty, O ?= ?Small Shops LLP, CN ?= ?pay\.shops\.example, emailAddress ?= ?it@shops\.example\n/,
    );
    expect(text).toMatch(/Public-Key: \(2048 bit\)/);
    expect(text).toMatch(/Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment\n/);
    expect(text).toMatch(/Extended Key Usage: *\n *TLS Web Client Authentication\n/);
    expect(text.match(/X509v3/g)).toHaveLength(2);
    expect(text).not.toMatch(/OU ?=|challenge|unstructured/i);
  });

  it('is signed by the bank, used at once, and opens the bank’s door', async () => {
    const { id, csr } = await requested();
    house.install(id, await house.issue(csr));
    await house.reached(id, 1, 'active', ({ certificate }) => certificate !== null);
    expect(await house.health(house.connection(id).id)).toBe('up');
    expect(house.log.join('')).not.toContain('PRIVATE KEY');
    expect(JSON.stringify(house.events)).not.toContain('PRIVATE KEY');
  });

  it('is made once however often it is asked for', async () => {
    const { id, csr } = await requested();
    house.createCsr(id);
    const again = await house.reached(id, 1, 'requested', ({ seq }) => seq > 1);
    expect(again.csr).toBe(csr);
    expect(await house.versions(id)).toBe('1 key');
  });

  it('takes nothing that was issued for another key', async () => {
    const [one, other] = [await requested(), await requested()];
    house.install(one.id, await house.issue(other.csr));
    const told = await house.reached(one.id, 1, 'requested', ({ failure }) => failure !== null);
    expect(told.failure?.code).toBe('private_key_mismatch');
    house.install(one.id, await house.issue(one.csr));
    await house.reached(one.id, 1, 'active');
  });
});

describe('a certificate that is replaced', () => {
  it('takes over only when the bank has answered under it; a refused one changes nothing', async () => {
    const id = house.ids.next('crt');
    await house.keep(id, 'partner');
    const connection = house.connection(id);
    expect(await house.health(connection.id)).toBe('up');

    await house.keep(id, 'foreign', { version: 2, state: 'ready' });
    house.activate(id, 2);
    // Cut off once, it may be the bank that restarts; again and again while the old one is let in, it is refused.
    await house.reached(id, 2, 'ready', ({ failure }) => failure !== null);
    house.activate(id, 2);
    house.activate(id, 2);
    expect((await house.reached(id, 2, 'failed')).failure).toMatchObject({ code: 'certificate_refused' });
    expect(await house.versions(id)).toBe('1 active, 2 failed');
    expect(await house.health(connection.id)).toBe('up');

    const request = await requested();
    house.install(request.id, await house.issue(request.csr));
    await house.reached(request.id, 1, 'active');
    house.activate(id, 3, { certificate_id: request.id, version: 1 });
    await house.reached(id, 3, 'active');
    expect(await house.versions(id)).toBe('1 retired, 2 failed, 3 active');
    expect(await house.health(connection.id)).toBe('up');
  });

  it('waits while the bank does not answer, says why, and takes over as soon as it does', async () => {
    const id = house.ids.next('crt');
    await house.keep(id, 'partner');
    const connection = house.connection(id, 'https://127.0.0.1:1');
    expect(await house.health(connection.id)).toBe('down');
    await house.keep(id, 'partner', { version: 2, state: 'ready' });
    house.activate(id, 2);
    const waiting = await house.reached(id, 2, 'ready', ({ failure }) => failure !== null);
    expect(waiting.failure?.code).toBe('provider_unavailable');
    expect(await house.versions(id)).toBe('1 active, 2 ready');
    connection.put(2, house.bank.url);
    expect(await house.health(connection.id, 2)).toBe('up');
    house.activate(id, 2);
    await house.reached(id, 2, 'active');
    expect(await house.health(connection.id, 2)).toBe('up');
  }, 240_000);

  it('is tried again where handshakes are cut under the old one too', async () => {
    const road = await CuttableRoad.to(house.bank.url);
    const id = house.ids.next('crt');
    await house.keep(id, 'partner');
    const connection = house.connection(id, road.url);
    expect(await house.health(connection.id)).toBe('up');
    road.cut();
    await house.keep(id, 'partner', { version: 2, state: 'ready' });
    const before = road.cutOff;
    house.activate(id, 2);
    const waiting = await house.reached(id, 2, 'ready', ({ failure }) => failure !== null);
    expect(waiting.failure?.code).toBe('provider_unavailable');
    while (road.cutOff < before + FOUR_TRIALS) {
      const seen = road.cutOff;
      house.activate(id, 2);
      await waitFor('another trial', () => road.cutOff > seen, LONG_MS);
    }
    expect(await house.versions(id)).toBe('1 active, 2 ready');
    road.mend();
    house.activate(id, 2);
    await house.reached(id, 2, 'active');
    await road.close();
  }, 240_000);

  it('takes over although the oldest connection of its address has settings of its own that are wrong', async () => {
    const id = house.ids.next('crt');
    await house.keep(id, 'partner');
    const broken = house.connection(id, house.bank.url, 'r3', { prefix: 'no path' });
    expect(await house.health(broken.id)).toBe('refused');
    expect(await house.health(house.connection(id).id)).toBe('up');
    await house.keep(id, 'partner', { version: 2, state: 'ready' });
    house.activate(id, 2);
    await house.reached(id, 2, 'active');
  });

  it('takes over where the old one is let in nowhere, as soon as one connection is let in under it', async () => {
    const id = house.ids.next('crt');
    await house.keep(id, 'foreign');
    const broken = house.connection(id, house.bank.url, 'r3', { prefix: 'no path' });
    expect(await house.health(broken.id)).toBe('refused');
    expect(await house.health(house.connection(id).id)).toBe('down');
    await house.keep(id, 'partner', { version: 2, state: 'ready' });
    house.activate(id, 2);
    await house.reached(id, 2, 'active');
  });

  it('takes over although more than are tried at once wait for a bank that does not answer', async () => {
    const own = await CertificateHouse.open();
    try {
      await own.start();
      const away = Array.from({ length: MOST_AT_ONCE + 1 }, () => own.ids.next('crt'));
      const id = own.ids.next('crt');
      const connections: string[] = [];
      for (const one of [...away, id]) {
        await own.keep(one, 'partner');
        connections.push(own.connection(one, one === id ? own.bank.url : 'https://127.0.0.1:1').id);
      }
      for (const connection of connections) await own.health(connection);
      for (const one of [...away, id]) await own.keep(one, 'partner', { version: 2, state: 'ready' });
      own.activate(id, 2);
      await own.reached(away[0] ?? '', 2, 'ready', ({ failure }) => failure !== null);
      own.activate(id, 2);
      await own.reached(id, 2, 'active');
    } finally {
      await own.close();
    }
  }, 240_000);

  it('is noticed by a process that heard nothing of it', async () => {
    const id = house.ids.next('crt');
    await house.keep(id, 'partner');
    const connection = house.connection(id);
    expect(await house.health(connection.id)).toBe('up');
    // Nobody tells of it: the version is found, tried and taken into use all the same.
    await house.keep(id, 'partner', { version: 2, state: 'ready' });
    await house.reached(id, 2, 'active');
    expect(await house.versions(id)).toBe('1 retired, 2 active');
  }, 240_000);
});

describe('certificates in files', () => {
  it('become versions when they change, whichever way, and are used without a restart', async () => {
    const own = await CertificateHouse.open();
    try {
      const id = own.ids.next('crt');
      const { certificate, key, ca } = own.partnerPem;
      // As Kubernetes does it: the folder that is named is a link, and with the next version it leads elsewhere.
      const place = (name: string): string => join(folder, name);
      for (const name of ['one', 'two']) mkdirSync(place(name));
      copyFileSync(certificate, join(place('one'), 'tls.crt'));
      copyFileSync(key, join(place('one'), 'tls.key'));
      symlinkSync(place('one'), place('..data'));
      const files = {
        [id]: { certificate: join(place('..data'), 'tls.crt'), private_key: join(place('..data'), 'tls.key'), ca },
      };
      const service = await own.start({ TOLEM_KASPI_CERTIFICATE_FILES: JSON.stringify(files) });
      await own.reached(id, 1, 'active');
      const connection = own.connection(id);
      expect(await own.health(connection.id)).toBe('up');

      const issued = await fetch(`${own.bank.sandbox.controlUrl}/kaspi/certificates`, {
        method: 'POST',
        headers: { connection: 'close' },
        body: '{}',
      });
      const next = (await issued.json()) as { certificate: string; private_key: string };
      writeFileSync(join(place('two'), 'tls.crt'), next.certificate);
      writeFileSync(join(place('two'), 'tls.key'), next.private_key);
      symlinkSync(place('two'), place('..data_tmp'));
      renameSync(place('..data_tmp'), place('..data'));
      await own.reached(id, 2, 'active');
      expect(await own.versions(id)).toBe('1 retired, 2 active');
      expect(await own.health(connection.id)).toBe('up');

      // A start tells of it again: an id that nobody knows is never silent for good.
      const { seq: before } = await own.reached(id, 2, 'active');
      const { certificate: certificatePem, private_key: privateKeyPem } = next;
      const { fingerprint256: fingerprint } = new X509Certificate(certificatePem);
      const known = { certificatePem, privateKeyPem, notAfter: 0, fingerprint: fingerprint.replaceAll(':', '') };
      await service.bringCertificate(id, known, false);
      await own.reached(id, 2, 'active', ({ seq }) => seq > before);
      expect(await own.versions(id)).toBe('1 retired, 2 active');

      // Several processes see the same change: one version.
      const same = {
        certificatePem: next.certificate,
        privateKeyPem: next.private_key,
        caPem: own.read(ca),
        notAfter: Date.now() + 1e9,
        fingerprint: 'of a third pair',
      };
      await Promise.all([1, 2, 3].map(() => service.bringCertificate(id, same, true)));
      await own.reached(id, 3, 'active');
      expect(await own.versions(id)).toBe('1 retired, 2 retired, 3 active');
      expect(own.log.join('')).not.toContain('PRIVATE KEY');
    } finally {
      await own.close();
    }
  }, 240_000);

  it('that failed are tried again as another version, once however many processes bring them', async () => {
    const own = await CertificateHouse.open();
    try {
      const service = await own.start();
      const id = own.ids.next('crt');
      await own.keep(id, 'partner');
      expect(await own.health(own.connection(id).id)).toBe('up');
      const { certificatePem, privateKeyPem } = own.bank.credential('foreign');
      const { caPem } = own.bank;
      const pair = { certificatePem, privateKeyPem, caPem, notAfter: Date.now() + 1e9, fingerprint: 'of that pair' };
      await service.bringCertificate(id, pair, true);
      await own.reached(id, 2, 'ready', ({ failure }) => failure !== null);
      own.activate(id, 2);
      own.activate(id, 2);
      await own.reached(id, 2, 'failed');
      await Promise.all([1, 2, 3].map(() => service.bringCertificate(id, pair, false)));
      await own.reached(id, 3, 'ready');
      expect(await own.versions(id)).toMatch(/^1 active, 2 failed, 3 (ready|failed)$/);
    } finally {
      await own.close();
    }
  }, 240_000);

  it('that cannot be used stop the start, all of them named in one message', async () => {
    const files = Object.fromEntries(
      ['a', 'b'].map((name) => [
        house.ids.next('crt'),
        { pfx: join(folder, `${name}.pfx`), pass_phrase_file: join(folder, 'pass') },
      ]),
    );
    writeFileSync(join(folder, 'pass'), 'a secret pass phrase\n');
    const error: unknown = await house
      .start({ TOLEM_KASPI_CERTIFICATE_FILES: JSON.stringify(files) })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    for (const id of Object.keys(files)) expect(String(error)).toContain(id);
    expect(String(error)).toContain('a.pfx cannot be read (ENOENT)');
    expect(String(error)).not.toContain('secret');
  });
});
