import type { ClientCredential } from '@tolem/egress';
import type { StoredCredential } from '@tolem/persistence';

/** What a connection proves itself with. `version` changes with every replacement and keeps connections apart. */
export type Credential =
  | ({ readonly is: 'certificate' } & ClientCredential)
  | {
      readonly is: 'api_key';
      readonly id: string;
      readonly version: string;
      readonly key: string;
      /** Whom to trust on the other side; PEM. */
      readonly caPem?: string;
    };

/** Undefined for a private key that no certificate was issued for yet: nothing can be proved with it. */
export function credentialOf(stored: StoredCredential): Credential | undefined {
  const { id, secret } = stored;
  const version = `${id}.${stored.version}`;
  switch (secret.kind) {
    case 'certificate':
      return {
        is: 'certificate',
        id,
        version,
        certificatePem: secret.certificate,
        privateKeyPem: secret.private_key,
        ...(secret.pass_phrase === undefined ? {} : { passPhrase: secret.pass_phrase }),
        ...(secret.ca === undefined ? {} : { caPem: secret.ca }),
      };
    case 'api_key':
      return {
        is: 'api_key',
        id,
        version,
        key: secret.key,
        ...(secret.ca === undefined ? {} : { caPem: secret.ca }),
      };
    case 'key':
      return undefined;
  }
}
