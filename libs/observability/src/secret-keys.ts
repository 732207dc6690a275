/** Fragments that make a key secret wherever they stand in it, compared without case and separators. */
const SECRET_FRAGMENTS = [
  'authorization',
  'apikey',
  'secret',
  'token',
  'passphrase',
  'password',
  'passwd',
  'privatekey',
  'masterkey',
  'phone',
  'msisdn',
  'barcode',
  'sealed',
  'cookie',
];

/** Words before `name` that make it the name of a person; a plain `name` is that of a thing. */
const PERSONS = new Set([
  ...['person', 'customer', 'client', 'payer', 'buyer', 'cashier', 'sender', 'recipient', 'owner', 'holder', 'contact'],
  ...['first', 'last', 'middle', 'full', 'family', 'given', 'father', 'cardholder', 'employee'],
]);

const PERSON_KEYS = new Set(['surname', 'patronymic', 'fio', 'iin']);

/** Keys that only look secret: amounts of tokens, and ids that support needs to find a payment at the provider. */
const HARMLESS = new Set(['tokensleft', 'tokenslimit', 'qrpaymentid', 'qrreturnid', 'qrid', 'qrtype', 'barcodetype']);

/** Whether a value under this key must never be shown: `DeviceToken`, `X-API-Key`, `pass_phrase`, `customerName`, `qr`, … */
export function isSecretKey(key: string): boolean {
  const squashed = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (HARMLESS.has(squashed)) return false;
  if (SECRET_FRAGMENTS.some((fragment) => squashed.includes(fragment))) return true;
  if (squashed.startsWith('qr') || PERSON_KEYS.has(squashed)) return true;
  const words = wordsOf(key);
  if (words.includes('qr')) return true;
  const namesAt = words.findIndex((word) => word === 'name' || word === 'names');
  if (namesAt >= 0) return words.some((word) => PERSONS.has(word));
  const joined = /^(.*)names?$/.exec(squashed)?.[1];
  return joined !== undefined && PERSONS.has(joined);
}

function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}
