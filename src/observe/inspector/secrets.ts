/**
 * What is never shown, not even where its owner reveals text: by the name of the key that holds it,
 * and within text by its look. The second is a last resort, not the rule: text is hidden by default.
 */

const SECRET =
  /token|secret|passw|passphrase|credential|cookie|bearer|jwt|api_?key|private|signature|authori[sz]ation|^(?:key|auth|sig|session|pin)$/i;

/** Whether a key says that its value is a secret. How many tokens a budget has is none. */
export function isSecretName(key: string, value: unknown): boolean {
  if (value === null || typeof value === "boolean") return false;
  return SECRET.test(key) && !(key === "tokens" && typeof value === "number");
}

const URL_LIKE = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>]+/gi;
const ASSIGNMENT =
  /\b([\w-]*(?:token|secret|passw\w*|key|sig\w*|auth\w*|cookie|bearer))(["']?\s*[=: ]\s*["']?)[^\s"'&;,]+/gi;
/** Long, and with digits among its letters: no word of a language. */
const OPAQUE = /(?=[\w+/=.%-]*\d)(?=[\w+/=.%-]*[A-Za-z])[\w+/=.%-]{20,}/g;

/** Text without the userinfo, query and fragment of URLs, without values of secrets, without long codes. */
export function scrub(text: string): string {
  return text
    .replace(URL_LIKE, place)
    .replace(ASSIGNMENT, (_, name: string, between: string) => `${name}${between}•••`)
    .replace(OPAQUE, (found) => (found.includes("://") ? found : "•••"));
}

function place(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "•••";
  const hides = parsed.username !== "" || parsed.search !== "" || parsed.hash !== "";
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${hides ? "?•••" : ""}`;
}
