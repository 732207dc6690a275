import type { Failure } from '@tolem/contracts';
import type { CashierText } from '@tolem/domain';
import type { z } from 'zod';
import { adminTextOf } from '../onboarding/admin-text.ts';
import type { certificateView } from './certificate.schema.ts';

/** What an administrator can do about a certificate that cannot be used, where its provider has no words of its own. */
const TEXTS: ReadonlyMap<string, CashierText> = new Map([
  [
    'private_key_mismatch',
    {
      ru: 'Сертификат выпущен для другого ключа. Загрузите сертификат, полученный по запросу, который показан здесь',
      kk: 'Сертификат басқа кілтке берілген. Осында көрсетілген сұрау бойынша алынған сертификатты жүктеңіз',
      en: 'The certificate was issued for another key. Bring the one that was issued for the request shown here',
    },
  ],
  [
    'certificate_expired',
    {
      ru: 'Срок сертификата истёк. Запросите новый и загрузите его',
      kk: 'Сертификат мерзімі өтіп кеткен. Жаңасын сұратып, жүктеңіз',
      en: 'The certificate has ended. Ask for another one and bring it',
    },
  ],
]);

/** Why, as it is shown. */
export function certificateReason(failure: Failure | null): z.output<typeof certificateView>['reason'] {
  if (failure === null) return null;
  const { code, provider_code, provider_message } = failure;
  const own = failure.admin_text === undefined ? TEXTS.get(code) : undefined;
  return { code, provider_code, provider_message, text: own ?? adminTextOf(failure) };
}
