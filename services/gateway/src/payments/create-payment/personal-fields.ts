import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type MethodDescriptor, paymentStart } from '@tolem/contracts';
import type { Sealer } from '@tolem/persistence';
import { DigestKeys } from '../../digest-keys.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { SEALER } from '../../webhooks/webhook-settings.ts';

/** Fields of a payment's method as they may be stored. */
export interface StorableFields {
  /** What everybody may see: personal ones by their last two characters. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** The personal ones, sealed for the start command, in base64; null where there are none. */
  readonly sealed: string | null;
  /** The same for the same buyer, in hex; null where the method names none. */
  readonly doubtDigest: string | null;
  /** Fingerprint of the request, in hex; keyed where personal fields went into it, because it could be guessed otherwise. */
  readonly fingerprint: string;
}

const SHOWN_CHARACTERS = 2;

/** Keeps what is personal out of the tables, of events and of logs. */
@Injectable()
export class PersonalFields {
  constructor(
    @Inject(SEALER) private readonly sealer: Sealer,
    private readonly digestKeys: DigestKeys,
  ) {}

  /** @param payment `pay_…`, the place that the sealed fields belong to */
  async storable(
    caller: KeyAuth,
    payment: string,
    method: MethodDescriptor,
    fields: Readonly<Record<string, unknown>>,
    fingerprint: Buffer,
  ): Promise<StorableFields> {
    const personal = textsOf(fields, method.sealed ?? []);
    if (Object.keys(personal).length === 0) {
      return { shown: fields, sealed: null, doubtDigest: null, fingerprint: fingerprint.toString('hex') };
    }
    const key = await this.digestKeys.keyOf(caller.tenantId);
    const sealed = await this.sealer.seal(
      { tenant: caller.tenantId },
      JSON.stringify(personal),
      `${paymentStart.type}:${payment}`,
    );
    const shown = Object.fromEntries(Object.entries(personal).map(([name, text]) => [name, masked(text)]));
    return {
      shown: { ...fields, ...shown },
      sealed: sealed.toString('base64'),
      doubtDigest: doubtDigest(key, caller, method, fields),
      fingerprint: createHmac('sha256', key).update(fingerprint).digest('hex'),
    };
  }
}

function doubtDigest(
  key: Buffer,
  { mode }: KeyAuth,
  { type, oneInDoubt }: MethodDescriptor,
  fields: Readonly<Record<string, unknown>>,
): string | null {
  if (oneInDoubt === undefined) return null;
  const who = oneInDoubt.map((name) => fields[name] ?? null);
  return createHmac('sha256', key)
    .update(JSON.stringify([mode, type, ...who]))
    .digest('hex');
}

function textsOf(fields: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );
}

function masked(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? text.slice(-SHOWN_CHARACTERS) : '';
  return '*'.repeat(text.length - shown.length) + shown;
}
