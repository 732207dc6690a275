export { Egress } from "./egress.js";
export { MAX_JSON_DEPTH, parseJsonExact } from "./parse-json-exact.js";
export { caseInsensitive } from "./case-insensitive.js";

//# sourceMappingURL=index.js.map