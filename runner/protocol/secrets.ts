/** What stands where a secret stood. */
export const hidden = '***';

/** Secrets shorter than this are not looked for by their value: they would be found in ordinary words and numbers. */
export const shortestSecret = 8;

type Replacement = string | ((match: string, ...groups: string[]) => string);

/** A quotation mark, also an escaped one, that may stand between a name and its value. */
const quote = String.raw`(?:\\*["'])?`;
const separator = `${quote}\\s*(?:[=:>]|%3D|%3A)\\s*${quote}`;

const queryNames = 'X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|GoogleAccessId|Credential|Signature|sig|se|sko?id|sktid|skt|ske|upload_id|code_verifier';
const secretFields = [
  'secret[_-]?(?:access[_-]?)?key', 'access[_-]?key(?:[_-]?id)?', 'client[_-]?secret', '(?:session|security|access|refresh|id|api|auth|bearer|sas|subject|coiled_)[_-]?token', 'client[_-]?assertion',
  '(?:account|storage|private|api)[_-]?key', 'shared[_-]?access[_-]?key', 'passw(?:or)?d', 'passphrase', 'connection[_-]?string', 'signature[_-]?provided',
].join('|');

/**
 * What secrets look like, whatever their values are. No pattern reaches over a quotation mark or a backslash, so that JSON
 * stays JSON.
 */
const patterns: readonly (readonly [RegExp, Replacement])[] = [
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?!\*)[^"<]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$|(?=["<]))/g, `$1${hidden}`],
  // User and password before the host of an address; a name alone only where it is long enough for a token.
  [/\b([a-z][a-z0-9+.-]{0,11}:\/\/)[^\s/@:"'<>\\]*:[^\s/@"'<>\\]+@/gi, `$1${hidden}@`],
  [/\b(https?:\/\/)[^\s/@:"'<>\\?#]{16,}@/gi, `$1${hidden}@`],
  [/(SharedAccessSignature=)[^\s"';<>\\]+/gi, `$1${hidden}`],
  // Headers, to the end of their line.
  [new RegExp(String.raw`\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z0-9_-]*(?:token|authorization|identity-header))(${separator})[^"'\s<>\\*][^"'\r\n<>\\]{3,}`, 'gi'), `$1$2${hidden}`],
  [/\b(Bearer|ApiToken|SharedKey(?:Lite)?|Basic)(\s+|%20|\+)(?=[^\s"']*[0-9._~/=-])[A-Za-z0-9._~+/:=%-]{8,}/g, `$1$2${hidden}`],
  // Parts of addresses and of signatures.
  [new RegExp(String.raw`((?:^|[?&;,\s"'(]|%3F|%26|\\u0026)(?:${queryNames})(?:=|%3D))[^&\s"'<>\\;,)]+`, 'gi'), `$1${hidden}`],
  [new RegExp(String.raw`(${secretFields})(${separator})(?!\*)([^\s"'<>&;,\\)]{4,})`, 'gi'), (match, name, between, value) => (isProse(between, value) ? match : `${name}${between}${hidden}`)],
  // Shapes that nothing else has.
  [/\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g, hidden],
  [/\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=%]{60,}/g, hidden],
  [/\bya29\.[\w.-]{8,}/g, hidden],
  [/\b1\/\/0[\w-]{20,}/g, hidden],
  [/\bGOCSPX-[\w-]{10,}|\bAIza[\w-]{35}\b|\bGOOG1[A-Z0-9]{20,}/g, hidden],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, hidden],
  [/\b(?:gh[pousr]_|github_pat_)\w{30,}/g, hidden],
];

/** Whether what follows a name is a sentence about it, as in "password: ask your administrator". */
function isProse(between: string, value: string): boolean {
  return /:\s+$/.test(between) && !/["']/.test(between) && !/\d/.test(value) && value.length < 20;
}

/**
 * A text without secrets: keys, tokens, signatures, passwords and headers by what they look like, and the values that
 * `known` finds by what they are. Ordinary text (digests, names of chunks, identifiers) stays, and JSON stays JSON.
 */
export function withoutSecrets(text: string, known?: SecretFinder): string {
  let result = '';
  let from = 0;
  // Pictures within JSON are megabytes of letters in which there is nothing to find.
  for (let begin = text.indexOf(picture); begin >= 0; begin = text.indexOf(picture, from)) {
    const end = text.indexOf('"', begin);
    if (end < 0) break;
    result += withoutSecretsIn(text.slice(from, begin), known) + text.slice(begin, end);
    from = end;
  }
  return from === 0 ? withoutSecretsIn(text, known) : result + withoutSecretsIn(text.slice(from), known);
}

/** How a PNG picture begins in base64. */
const picture = 'iVBORw0KGgo';

function withoutSecretsIn(text: string, known: SecretFinder | undefined): string {
  let rest = known === undefined ? text : known.hide(text);
  for (const [pattern, replacement] of patterns) {
    rest = typeof replacement === 'string' ? rest.replace(pattern, replacement) : rest.replace(pattern, replacement);
  }
  return rest;
}

/** Finds secrets by their values, in one walk over the text, however many they are. */
export class SecretFinder {
  /** The forms that a secret may have in a text, by a mark of their first characters. */
  readonly #forms = new Map<number, string[]>();
  readonly #marks = new Uint8Array(65_536);

  constructor(values: Iterable<string>) {
    for (const form of new Set([...values].flatMap(formsOf))) {
      const mark = markOf(form.charCodeAt(0), form.charCodeAt(1), form.charCodeAt(2));
      this.#marks[mark] = 1;
      this.#forms.set(mark, [...(this.#forms.get(mark) ?? []), form].sort((a, b) => b.length - a.length));
    }
  }

  hide(text: string): string {
    if (this.#forms.size === 0) return text;
    let result = '';
    let from = 0;
    const marks = this.#marks;
    let second = text.charCodeAt(0), third = text.charCodeAt(1);
    for (let at = 0; at + shortestSecret <= text.length; at++) {
      const first = second;
      second = third;
      third = text.charCodeAt(at + 2);
      const mark = markOf(first, second, third);
      if (marks[mark] === 0 || at < from) continue;
      const found = this.#forms.get(mark)?.find((form) => text.startsWith(form, at));
      if (found === undefined) continue;
      result += text.slice(from, at) + hidden;
      from = at + found.length;
    }
    return from === 0 ? text : result + text.slice(from);
  }
}

function markOf(first: number, second: number, third: number): number {
  return (first * 961 + second * 31 + third) & 0xffff;
}

/** A secret as it is, and as it is written in addresses, JSON, HTML and base64. */
function formsOf(value: string): readonly string[] {
  if (value.length < shortestSecret) return [];
  const encoded = encodeURIComponent(value);
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const json = JSON.stringify(value).slice(1, -1);
  const binary = inBase64(value);
  return [value, encoded, lower, encodeURIComponent(encoded), html, html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'), json, JSON.stringify(json).slice(1, -1), ...binary, ...binary.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')), ...binary.map(encodeURIComponent)]
    .filter((form) => form.length >= shortestSecret);
}

/** The part of a base64 text that a secret alone decides, for each place where the secret may begin in it. */
function inBase64(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return [0, 1, 2].map((before) => btoa('\0'.repeat(before) + letters).slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3)));
}

const secretNames = /secret|token|passw|passphrase|_pwd$|credential|connection_string|identity_header|signature|(^|_)sas(_|$)|(^|_)key(_id)?$/i;
/** Names that say secret, and values that are none: choices, places, times. */
const notSecret = /_(file|path|dir|folder|uri|url|endpoint|expiration|expiry|limit|enabled|disabled|type|mode|socket|sock)$|^AZURE_TOKEN_CREDENTIALS$/i;

/**
 * The secrets of an environment: values of variables whose names say so, and passwords, keys and signatures inside of
 * other values (addresses of proxies, connection strings).
 */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value.length < shortestSecret) return [];
    const whole = secretNames.test(name) && !notSecret.test(name) && mayBeSecret(value) ? [value.trim()] : [];
    const proxy = /_proxy$/i.test(name) ? value.replace(/^(?![a-z][a-z0-9+.-]*:\/\/)/i, 'http://') : value;
    return [...whole, ...secretsInside(proxy)];
  });
}

/** Whether a value can be looked for: not a path, a number or an ordinary word. */
function mayBeSecret(value: string): boolean {
  return !/^(\.{0,2}\/|~|[a-z]:\\)/i.test(value) && !/^\d+$/.test(value) && !/^[a-z]{1,12}$/.test(value);
}

/** Passwords of addresses, keys and signatures of connection strings, in a value that may be something else as a whole. */
function secretsInside(value: string): readonly string[] {
  const found = [...value.matchAll(/:\/\/[^\s/@:]*:([^\s/@]+)@/g), ...value.matchAll(/(?:AccountKey|SharedAccessKey|(?:^|[?&;=])sig)=([^;&\s]+)/gi)].map(([, secret]) => secret);
  return found.flatMap((secret) => [secret, decoded(secret)]).filter((secret) => secret.length >= shortestSecret);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The values in JSON whose names say that they are secret, at any depth, as credentials files have them. */
export function secretsOfJson(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]): readonly string[] => {
    if (typeof inner !== 'string') return secretsOfJson(inner);
    const says = new RegExp(`(?:^|[_.-])(?:${secretFields})$|^(?:token|accessToken|refreshToken)$`, 'i').test(name);
    return says && inner.length >= shortestSecret ? [inner, ...linesOfKey(inner)] : [];
  });
}

/** The lines of a private key: part of it may be quoted. */
function linesOfKey(value: string): readonly string[] {
  return value.includes('PRIVATE KEY') ? value.split(/\r?\n/).filter((line) => line.length >= 32 && !line.startsWith('-----')) : [];
}
