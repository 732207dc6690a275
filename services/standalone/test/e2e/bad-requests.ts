import { OWN, type PlantedCertificate, SECRET, STRAY } from './planted-values.ts';

export interface BadRequest {
  readonly method: string;
  readonly path: string;
  /** The key that it comes with; undefined sends none. */
  readonly key: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface KeysToPlant {
  readonly good: string;
  readonly revoked: string;
  readonly mistyped: string;
}

/** Requests that are refused, with planted values wherever a request has room for one. */
export function badRequests(keys: KeysToPlant, payment: object, tls: PlantedCertificate): BadRequest[] {
  return [
    ...wrongCredentials(keys),
    ...wrongPaths(keys),
    ...wrongQueries(keys),
    ...wrongBodies(keys, payment),
    ...wrongHeaders(keys, payment),
    ...wrongCertificates(tls),
  ];
}

function wrongCredentials({ good, revoked, mistyped }: KeysToPlant): BadRequest[] {
  const authorizations = [
    `Bearer ${mistyped}`,
    `Bearer ${revoked}`,
    `bearer  ${good} ${STRAY.latinName}`,
    `Bearer ${good}${good}${good}`,
    `Token ${good}`,
    good,
    `Basic ${Buffer.from(`${good}:${SECRET.strayToken}`).toString('base64')}`,
  ];
  const anonymous = { method: 'GET', path: '/v1/payments', key: undefined };
  return [
    ...authorizations.map((authorization) => ({ ...anonymous, headers: { authorization } })),
    { ...anonymous, headers: { 'x-api-key': good, cookie: `key=${good}` } },
    { ...anonymous, path: `/v1/payments?api_key=${good}&access_token=${SECRET.operatorKey}` },
    { method: 'GET', path: '/v1/tenants', key: good },
    { method: 'GET', path: '/v1/payments', key: SECRET.operatorKey },
  ];
}

function wrongPaths({ good }: KeysToPlant): BadRequest[] {
  const values = [good, STRAY.phone, STRAY.phoneWithoutPlus, STRAY.name, STRAY.barcode, SECRET.strayToken];
  const places = ['/v1/payments/', '/v1/payments/by_key/', '/v1/organizations/', '/v1/nowhere/'];
  const found = values.flatMap((value) => places.map((place) => `${place}${encodeURIComponent(value)}`));
  // A path that cannot be decoded, and a parameter beyond the limit: refused before any route is found.
  const broken = [`/v1/payments/%ZZ${good}?phone=${STRAY.phoneWithoutPlus}`, `/v1/payments/${good.repeat(20)}`];
  return [
    ...[...found, ...broken].map((path) => ({ method: 'GET', path, key: good })),
    { method: 'DELETE', path: `/v1/payments?phone=${encodeURIComponent(STRAY.phone)}`, key: good },
  ];
}

function wrongQueries({ good }: KeysToPlant): BadRequest[] {
  const values = [good, STRAY.phone, STRAY.phoneWithGaps, STRAY.name, STRAY.barcode, SECRET.strayToken];
  const names = ['wait', 'limit', 'after', 'status', 'phone'];
  return values.flatMap((value) =>
    names.map((name) => ({
      method: 'GET',
      path: `/v1/payments?${name}=${encodeURIComponent(value)}`,
      key: good,
    })),
  );
}

function wrongBodies({ good }: KeysToPlant, payment: object): BadRequest[] {
  const people = {
    phone: STRAY.phone,
    customer_name: STRAY.name,
    payer: STRAY.latinName,
    barcode: STRAY.barcode,
    device_token: SECRET.strayToken,
  };
  const whole = JSON.stringify({ ...payment, ...people, api_key: good });
  const bodies: unknown[] = [
    { ...payment, ...people },
    { ...payment, [good]: 1, [STRAY.phone]: 2 },
    { ...payment, amount: STRAY.phone },
    { ...payment, currency: STRAY.name, method: { type: good } },
    { ...payment, method: { type: 'kaspi_qr', ...people } },
    { ...payment, desk: people, organization: [good, STRAY.barcode] },
    { ...payment, reference: `\u0007${STRAY.phone} ${STRAY.name}` },
    { ...payment, trade_point: good.slice(0, 60), organization: SECRET.strayToken },
    { ...payment, metadata: { note: { ...people } } },
    { ...payment, items: [{ name: STRAY.name, quantity: STRAY.barcode, unit: STRAY.phone, price: good, total: 1 }] },
    [people],
    JSON.stringify(good),
    whole.slice(0, -5),
    whole.replace(':', `=${STRAY.phone}`),
    `${whole}${SECRET.strayToken}`,
    `{"__proto__": {"phone": "${STRAY.phone}"}}`,
    JSON.stringify({ ...payment, ...people, filling: good.repeat(4_000) }),
  ];
  const post = { method: 'POST', path: '/v1/payments', key: good };
  return [
    ...bodies.map((body, n) => ({ ...post, body, headers: { 'idempotency-key': `bad-body-${n}` } })),
    { ...post, body: whole, headers: { 'idempotency-key': 'bad-type', 'content-type': 'text/plain' } },
    { ...post, path: '/v1/payments/cancel_by_key', body: { key: { ...people } } },
    { ...post, path: '/v1/organizations', body: { country: STRAY.name, tax_id: STRAY.phone, name: 7, ...people } },
    {
      ...post,
      path: '/v1/organizations',
      body: { country: 'KZ', tax_id: STRAY.barcode, name: STRAY.name },
      headers: { 'idempotency-key': 'bad-tax-id' },
    },
  ];
}

function wrongHeaders({ good }: KeysToPlant, payment: object): BadRequest[] {
  const values = [good, STRAY.phone, STRAY.phoneWithoutPlus, STRAY.phoneWithGaps, SECRET.operatorKey];
  const post = { method: 'POST', path: '/v1/payments', key: good, body: { ...payment, amount: 0.5 } };
  return [
    ...values.map((value) => ({ ...post, headers: { 'x-request-id': value, 'idempotency-key': 'bad-header-1' } })),
    ...values.map((value) => ({
      ...post,
      headers: {
        traceparent: `00-${value}-00f067aa0ba902b7-01`,
        tracestate: `tolem=${value}`,
        baggage: `phone=${value}`,
        'user-agent': value,
        referer: `https://chain.example/?phone=${value}`,
        'x-forwarded-for': value,
        'idempotency-key': 'bad-header-2',
      },
    })),
    ...values.map((value) => ({ ...post, headers: { 'idempotency-key': value.repeat(30) } })),
    // The caller's own word for a request that it could have made: refused for its amount, and not quoted.
    { ...post, headers: { 'idempotency-key': OWN.idempotencyKey } },
  ];
}

function wrongCertificates(tls: PlantedCertificate): BadRequest[] {
  const good = { provider: 'kaspi', scheme: 'r3', name: 'shared', certificate: tls.certificate, ca: tls.ca };
  const bodies = [
    { ...good, private_key: tls.encryptedKey, pass_phrase: SECRET.wrongPassPhrase },
    { ...good, private_key: tls.encryptedKey },
    { ...good, private_key: tls.encryptedKey, pass_phrase: [SECRET.passPhrase] },
    { ...good, private_key: tls.encryptedKey, passphrase: SECRET.passPhrase },
    { ...good, private_key: tls.foreignKey },
    { ...good, private_key: { pem: tls.plainKey } },
    { ...good, certificate: tls.plainKey, private_key: tls.plainKey },
    { ...good, private_key: tls.plainKey, ca: tls.plainKey },
    { ...good, private_key: tls.plainKey, name: tls.plainKey },
    { ...good, private_key: tls.plainKey, provider: SECRET.passPhrase },
    { ...good, private_key: tls.plainKey, scheme: tls.plainKey.slice(30, 70) },
    JSON.stringify({ ...good, private_key: tls.plainKey }).slice(0, -3),
  ];
  return bodies.map((body, n) => ({
    method: 'POST',
    path: '/v1/certificates',
    key: SECRET.operatorKey,
    body,
    headers: { 'idempotency-key': `bad-certificate-${n}` },
  }));
}
