/** Why an uploaded key or PFX cannot be used. */
export type CredentialRefusalReason =
  /** Not a PFX (PKCS #12), or not a private key in PEM. */
  | 'malformed'
  | 'too_large'
  /** Deriving the key from the pass phrase would take seconds: nobody exports that, and it would stop the process. */
  | 'too_costly'
  /** An algorithm or kind of key that we cannot read. */
  | 'unsupported'
  /** Wrong or missing. */
  | 'wrong_pass_phrase'
  | 'no_private_key'
  | 'several_private_keys'
  | 'no_certificate'
  /** No certificate in the file belongs to its private key. */
  | 'key_mismatch';

/** `detail` is for people and logs; it never quotes what was uploaded. */
export interface CredentialRefusal {
  ok: false;
  reason: CredentialRefusalReason;
  detail: string;
}

/** The same on its way out of the depths of a file; it does not leave this folder. */
export class RefusedCredential extends Error {
  constructor(
    readonly reason: CredentialRefusalReason,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'RefusedCredential';
  }
}
