/** Why it is certain that the provider saw nothing of the request. */ /**
 * The three things that can become of a request. `not_sent` is only said when it is certain that no byte of the request
 * reached the network; every doubt is `sent_without_answer`. `detail` is for logs: a phase and an error code, never a
 * body, a header, a query or a credential. `ms` counts from the call.
 */ export { };

//# sourceMappingURL=egress-outcome.js.map