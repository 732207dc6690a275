import type { CashierText } from '@tolem/domain';
import { knownAdminText } from '../onboarding/admin-text.ts';
import type { AttentionRow } from './attention.ts';

/** What to do about a certificate that ends, for the one who can replace it. No final stop. */
const CERTIFICATE: CashierText = {
  ru: 'Срок сертификата заканчивается: после него банк не примет ни одного платежа. Получите у банка новый сертификат и замените им этот; прежний работает, пока новый не проверен',
  kk: 'Сертификат мерзімі аяқталып келеді: одан кейін банк бірде-бір төлемді қабылдамайды. Банктен жаңа сертификат алып, осының орнына қойыңыз; жаңасы тексерілгенше бұрынғысы жұмыс істейді',
  en: 'The certificate is about to end: after that the bank takes no payment. Get another one from the bank and replace this one with it; this one works until the other has been checked',
};

/** What an administrator can do about it, in the words of the provider's service where it has some; null: nobody knows more. */
export function attentionText({ kind, details, admin_text: told }: AttentionRow): CashierText | null {
  if (kind === 'certificate_expiring') return CERTIFICATE;
  const { code } = details;
  return told ?? (typeof code === 'string' ? (knownAdminText(code) ?? null) : null);
}
