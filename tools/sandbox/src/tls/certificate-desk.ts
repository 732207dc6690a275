import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { PemConverter, X509Certificate, X509CrlGenerator } from '@peculiar/x509';
import {
  ALGORITHM,
  BACKDATED_MS,
  PARTNER_DAYS,
  issuePartner,
  makeClient,
  organizationName,
  validity,
} from './certificate-maker.ts';
import type { Issuer } from './certificate-maker.ts';
import { readCertificateRequest } from './certificate-request.ts';
import type { RequestFlaw } from './certificate-request.ts';
import type { TlsFiles } from './tls-files.ts';

const DAY_MS = 86_400_000;
const LIST_DAYS = 3650;

export interface CertificateOrder {
  /** A PKCS #10 request in PEM; without one the desk makes the key, as the bank does for its test contour. */
  readonly csr?: string;
  /** The organization that the certificate stands for (scheme 2). */
  readonly taxId?: string;
  /** Whole days of validity; five years unless told. */
  readonly days?: number;
  /** Epoch milliseconds; a day ago unless told. */
  readonly notBeforeMs?: number;
}

/** What comes back by mail, all PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** Only of a key that the desk has made. */
  readonly privateKey: string | null;
  readonly root: string;
  readonly intermediate: string;
  /** Hexadecimal, lower case. */
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export type Issued = { ok: true; issued: IssuedCertificate } | { ok: false; flaws: readonly RequestFlaw[] };

/** The bank's mail desk for certificates (Kaspi QR v3.9, Appendix 1 and 2; kaspi-qr.md §9). Lives in real time, as TLS. */
export class CertificateDesk {
  private constructor(
    private readonly root: Issuer,
    private readonly intermediate: Issuer,
    private readonly rootPem: string,
    private readonly intermediatePem: string,
    private readonly nowMs: () => number,
  ) {}

  static async open(files: TlsFiles, nowMs: () => number = Date.now): Promise<CertificateDesk> {
    const [rootPem, intermediatePem] = [readFileSync(files.root, 'utf8'), readFileSync(files.intermediate, 'utf8')];
    const root = await issuer(rootPem, files.rootKey);
    const intermediate = await issuer(intermediatePem, files.intermediateKey);
    return new CertificateDesk(root, intermediate, rootPem, intermediatePem, nowMs);
  }

  async issue({ csr, taxId, days = PARTNER_DAYS, notBeforeMs }: CertificateOrder): Promise<Issued> {
    const fromMs = notBeforeMs ?? this.nowMs() - BACKDATED_MS;
    if (csr === undefined) {
      const made = await makeClient(this.intermediate, 'partner.sandbox.invalid', fromMs + BACKDATED_MS, days, taxId);
      return { ok: true, issued: this.told(made.certificate, made.pem.privateKeyPem) };
    }
    const read = await readCertificateRequest(csr);
    if (!read.ok) return read;
    const { subjectName, publicKey } = read.request;
    const subject = [...subjectName.toJSON(), ...organizationName(taxId)];
    const certificate = await issuePartner(this.intermediate, subject, publicKey, validity(fromMs, days));
    return { ok: true, issued: this.told(certificate, null) };
  }

  /** The revocation lists of both authorities, PEM, as a server that checks the whole chain needs them. */
  async revocationLists(serials: ReadonlySet<string>): Promise<string[]> {
    const now = this.nowMs();
    const dates = { thisUpdate: new Date(now - DAY_MS), nextUpdate: new Date(now + LIST_DAYS * DAY_MS) };
    const entries = [...serials].map((serialNumber) => ({ serialNumber, revocationDate: new Date(now - DAY_MS) }));
    const lists = [
      { by: this.root, entries: [] },
      { by: this.intermediate, entries },
    ].map(({ by, entries: revoked }) =>
      X509CrlGenerator.create({
        ...dates,
        issuer: by.certificate.subject,
        signingAlgorithm: ALGORITHM,
        signingKey: by.privateKey,
        entries: revoked,
      }),
    );
    return (await Promise.all(lists)).map((list) => PemConverter.encode(list.rawData, 'X509 CRL'));
  }

  private told(certificate: X509Certificate, privateKey: string | null): IssuedCertificate {
    return {
      certificate: `${certificate.toString('pem')}\n`,
      privateKey,
      root: this.rootPem,
      intermediate: this.intermediatePem,
      serial: certificate.serialNumber.toLowerCase(),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    };
  }
}

async function issuer(certificatePem: string, keyPath: string): Promise<Issuer> {
  const [pkcs8] = PemConverter.decode(readFileSync(keyPath, 'utf8'));
  if (pkcs8 === undefined) throw new Error(`${keyPath} holds no key`);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
  return { certificate: new X509Certificate(certificatePem), privateKey };
}
