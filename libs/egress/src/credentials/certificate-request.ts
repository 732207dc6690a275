import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { elementsOf, encodeDer, MalformedDer, parseDer } from './der.ts';
import type { DerNode } from './der.ts';

/** Bits of `keyUsage` (RFC 5280 §4.2.1.3), most significant first. */
const KEY_USAGE_BITS = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyEncipherment: 0x20,
  dataEncipherment: 0x10,
} as const;

export type KeyUsage = keyof typeof KEY_USAGE_BITS;

/** One part of a name; parts stand in the request in the order that they are given in. */
export interface NamePart {
  type: 'C' | 'ST' | 'L' | 'O' | 'CN' | 'emailAddress';
  value: string;
}

export interface CertificateRequestWish {
  subject: readonly NamePart[];
  keyUsage: readonly KeyUsage[];
}

const NAME_OIDS: Readonly<Record<NamePart['type'], string>> = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  CN: '2.5.4.3',
  emailAddress: '1.2.840.113549.1.9.1',
};
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';

const { Class, Type } = forge.asn1;

/**
 * A request for a client certificate (PKCS #10, RFC 2986) in PEM, signed with SHA-256 by an RSA key: the name, the wished
 * `keyUsage`, `extendedKeyUsage = clientAuth`, and nothing else. The key stays here; what leaves holds its public half.
 */
export function certificateRequest(privateKey: KeyObject, wish: CertificateRequestWish): string {
  if (privateKey.asymmetricKeyType !== 'rsa') throw new TypeError('requests are made for RSA keys only');
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const info = sequence([
    primitive(Type.INTEGER, '\0'),
    nameOf(wish.subject),
    parseDer(spki.toString('latin1')),
    // [0] IMPLICIT SET OF Attribute
    forge.asn1.create(Class.CONTEXT_SPECIFIC, 0, true, [attributeOf(wish.keyUsage)]),
  ]);
  const signature = sign('sha256', encodeDer(info), privateKey);
  const request = sequence([
    info,
    sequence([oid(SHA256_WITH_RSA), primitive(Type.NULL, '')]),
    primitive(Type.BITSTRING, `\0${signature.toString('latin1')}`),
  ]);
  return pem('CERTIFICATE REQUEST', encodeDer(request));
}

/** The key that a request is for; undefined where the text is no request in PEM. */
export function publicKeyOfRequest(csrPem: string): KeyObject | undefined {
  const [, inside] = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END CERTIFICATE REQUEST-----/.exec(csrPem) ?? [];
  if (inside === undefined) return undefined;
  try {
    const [info] = elementsOf(parseDer(Buffer.from(inside, 'base64').toString('latin1')));
    const spki = elementsOf(info)[2];
    if (spki === undefined) throw new MalformedDer('a request without a key');
    return createPublicKey({ key: encodeDer(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function nameOf(parts: readonly NamePart[]): DerNode {
  return sequence(
    parts.map(({ type, value }) => {
      // Countries are PrintableString and e-mail addresses IA5String by their standards; everything else is UTF-8.
      const kind = type === 'C' ? Type.PRINTABLESTRING : type === 'emailAddress' ? Type.IA5STRING : Type.UTF8;
      const bytes = kind === Type.UTF8 ? forge.util.encodeUtf8(value) : value;
      return set([sequence([oid(NAME_OIDS[type]), primitive(kind, bytes)])]);
    }),
  );
}

function attributeOf(usages: readonly KeyUsage[]): DerNode {
  const bits = usages.reduce((sum, usage) => sum | KEY_USAGE_BITS[usage], 0);
  const unusedBits = bits === 0 ? 0 : Math.log2(bits & -bits);
  const keyUsage = primitive(Type.BITSTRING, String.fromCharCode(unusedBits, bits));
  const extensions = sequence([
    sequence([oid(KEY_USAGE), octets(keyUsage)]),
    sequence([oid(EXTENDED_KEY_USAGE), octets(sequence([oid(CLIENT_AUTH)]))]),
  ]);
  return sequence([oid(EXTENSION_REQUEST), set([extensions])]);
}

function sequence(children: DerNode[]): DerNode {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, children);
}

function set(children: DerNode[]): DerNode {
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, children);
}

function oid(dotted: string): DerNode {
  return primitive(Type.OID, forge.asn1.oidToDer(dotted).getBytes());
}

function octets(inside: DerNode): DerNode {
  return primitive(Type.OCTETSTRING, encodeDer(inside).toString('latin1'));
}

function primitive(type: forge.asn1.Type, bytes: string): DerNode {
  return forge.asn1.create(Class.UNIVERSAL, type, false, bytes);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
