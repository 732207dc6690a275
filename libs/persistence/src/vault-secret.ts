import { z } from 'zod';
import { SealBroken } from './sealer.ts';

/** A client certificate with what is needed to use it; PEM texts. Rows of before there were kinds have none. */
const certificateSecretSchema = z.strictObject({
  kind: z.literal('certificate').default('certificate'),
  certificate: z.string(),
  private_key: z.string(),
  pass_phrase: z.string().optional(),
  ca: z.string().optional(),
});

/** A private key that no certificate has been issued for yet, with the request for one. */
const keySecretSchema = z.strictObject({ kind: z.literal('key'), private_key: z.string(), csr: z.string() });

/** `ca`: whom to trust on the other side, PEM. */
const apiKeySecretSchema = z.strictObject({ kind: z.literal('api_key'), key: z.string(), ca: z.string().optional() });

const secretSchema = z.union([certificateSecretSchema, keySecretSchema, apiKeySecretSchema]);

export type CertificateSecret = z.output<typeof certificateSecretSchema>;
export type KeySecret = z.output<typeof keySecretSchema>;
export type ApiKeySecret = z.output<typeof apiKeySecretSchema>;
/** What the vault keeps. */
export type Secret = z.output<typeof secretSchema>;
/** The same as it is put in: a certificate need not say that it is one. */
export type SecretToKeep = z.input<typeof secretSchema>;

/** @throws SealBroken; a parser's own message quotes the text, which is a secret, so no other error leaves here. */
export function readSecret(text: string): Secret {
  let secret: Secret | undefined;
  try {
    secret = secretSchema.safeParse(JSON.parse(text)).data;
  } catch {
    secret = undefined;
  }
  if (secret === undefined) throw new SealBroken('its content is no credential');
  return secret;
}
