/**
 * What we show a provider to prove who we are, as PEM text. `id` and `version` name it in the connection pools: a new
 * version is used by the next request, while requests that run finish on the old one.
 */ export { };

//# sourceMappingURL=egress-request.js.map