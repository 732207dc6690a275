import 'reflect-metadata';
import { isIP } from 'node:net';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
} from '@peculiar/x509';
import { PARTNER_KEY_USAGE } from './certificate-maker.ts';

/** What is wrong with one part of a certificate request. */
export interface RequestFlaw {
  readonly field: string;
  readonly message: string;
}

export type ReadRequest =
  { ok: true; request: Pkcs10CertificateRequest } | { ok: false; flaws: readonly RequestFlaw[] };

const EMAIL = '1.2.840.113549.1.9.1';
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const COMPANY_NAME = '1.2.840.113549.1.9.2';
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** The rules for each part of the subject (Kaspi QR v3.9, Appendix 2; kaspi-qr.md §9). */
const SUBJECT_RULES: readonly { field: string; oid?: string; good: (text: string) => boolean; message: string }[] = [
  { field: 'C', good: (text) => text === 'KZ', message: 'must be KZ' },
  { field: 'ST', good: isFilled, message: 'must name the region' },
  { field: 'L', good: isFilled, message: 'must name the town' },
  {
    field: 'O',
    good: (text) => isFilled(text) && /^[\x20-\x7e]+$/.test(text),
    message: 'must be the legal name in Latin letters',
  },
  {
    field: 'CN',
    good: (text) => isIP(text) !== 0 || HOST_NAME.test(text),
    message: 'must be the host name or address of the connection point',
  },
  {
    field: 'emailAddress',
    oid: EMAIL,
    good: (text) => /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text),
    message: 'must be the contact person’s e-mail address',
  },
];

/** Reads a PEM request as the bank's mail desk does: everything that is wrong with it, or the request. */
export async function readCertificateRequest(pem: string): Promise<ReadRequest> {
  let request: Pkcs10CertificateRequest;
  try {
    request = new Pkcs10CertificateRequest(pem);
  } catch {
    return { ok: false, flaws: [{ field: 'csr', message: 'is no PKCS #10 request in PEM' }] };
  }
  const flaws = [
    ...(await signatureFlaws(request)),
    ...subjectFlaws(request),
    ...attributeFlaws(request),
    ...extensionFlaws(request),
  ];
  return flaws.length === 0 ? { ok: true, request } : { ok: false, flaws };
}

async function signatureFlaws(request: Pkcs10CertificateRequest): Promise<RequestFlaw[]> {
  const { name, modulusLength } = request.publicKey.algorithm as { name: string; modulusLength?: number };
  if (!name.startsWith('RSA') || modulusLength !== 2048) return [{ field: 'key', message: 'must be RSA of 2048 bits' }];
  const signed = await request.verify().catch(() => false);
  return signed ? [] : [{ field: 'signature', message: 'is not of the key in the request' }];
}

function subjectFlaws({ subjectName }: Pkcs10CertificateRequest): RequestFlaw[] {
  const flaws = SUBJECT_RULES.flatMap(({ field, oid, good, message }) => {
    const [value, ...more] = subjectName.getField(oid ?? field);
    return value !== undefined && more.length === 0 && good(value) ? [] : [{ field, message: `${message}, once` }];
  });
  const unit = subjectName.getField('OU').some(isFilled);
  return unit ? [...flaws, { field: 'OU', message: 'must stay empty' }] : flaws;
}

function attributeFlaws(request: Pkcs10CertificateRequest): RequestFlaw[] {
  const names = [
    [CHALLENGE_PASSWORD, 'challengePassword'],
    [COMPANY_NAME, 'unstructuredName'],
  ] as const;
  return names
    .filter(([oid]) => request.getAttribute(oid) !== null)
    .map(([, field]) => ({ field, message: 'must stay empty' }));
}

function extensionFlaws(request: Pkcs10CertificateRequest): RequestFlaw[] {
  const usage = request.getExtension('2.5.29.15');
  const purpose = request.getExtension('2.5.29.37');
  const flaws: RequestFlaw[] = [];
  if (!(usage instanceof KeyUsagesExtension) || usage.usages !== PARTNER_KEY_USAGE) {
    const message = 'must be digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment';
    flaws.push({ field: 'keyUsage', message });
  }
  const purposes = purpose instanceof ExtendedKeyUsageExtension ? purpose.usages.map(String) : [];
  if (purposes.length !== 1 || purposes[0] !== String(ExtendedKeyUsage.clientAuth)) {
    flaws.push({ field: 'extendedKeyUsage', message: 'must be clientAuth' });
  }
  return flaws;
}

function isFilled(text: string): boolean {
  return text.trim() !== '';
}
