import forge from 'node-forge';

/** One node of an ASN.1 structure in BER or DER; bytes are "binary strings", one character a byte, as node-forge has them. */
export type DerNode = forge.asn1.Asn1;

/** The bytes are no ASN.1, or not in the form that the standard asks for at this place. */
export class MalformedDer extends Error {}

export function parseDer(bytes: string): DerNode {
  try {
    return forge.asn1.fromDer(bytes, true);
  } catch (cause) {
    throw new MalformedDer('not ASN.1', { cause });
  }
}

export function encodeDer(node: DerNode): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');
}

/** The elements of a SEQUENCE or SET, or of an explicit tag around something. */
export function elementsOf(node: DerNode | undefined): DerNode[] {
  if (node === undefined || !Array.isArray(node.value)) throw new MalformedDer('expected a constructed value');
  return node.value;
}

/**
 * The bytes of an OCTET STRING, or of an implicit tag in its place. Old Microsoft and Java exports cut it into pieces
 * (BER): they are joined.
 */
export function octetsOf(node: DerNode | undefined): string {
  if (node === undefined) throw new MalformedDer('expected an octet string');
  return typeof node.value === 'string' ? node.value : node.value.map((piece) => octetsOf(piece)).join('');
}

/** Dotted form. */
export function oidOf(node: DerNode | undefined): string {
  if (node?.type !== forge.asn1.Type.OID || typeof node.value !== 'string') throw new MalformedDer('expected an OID');
  return forge.asn1.derToOid(node.value);
}

/** A whole number from 0 that a double holds exactly. */
export function integerOf(node: DerNode | undefined): number {
  const value = isInteger(node) ? Number(`0x${Buffer.from(octetsOf(node), 'latin1').toString('hex')}`) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new MalformedDer('expected a small whole number');
  return value;
}

export function isInteger(node: DerNode | undefined): boolean {
  return node?.tagClass === forge.asn1.Class.UNIVERSAL && node.type === forge.asn1.Type.INTEGER;
}
