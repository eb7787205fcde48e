/** A piece of XML that is already escaped. */
export interface Xml {
  readonly text: string;
}

/** What may stand in an element: text to be escaped, elements, or nothing. */
export type Content = string | number | boolean | Xml | undefined | readonly Content[];

function escape(text: string): string {
  return text.replace(/[<>&"'\u0000-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escape(String(content));
  if ('text' in content) return content.text;
  return content.map(render).join('');
}

/** An element; left out altogether when its content is undefined. */
export function element(name: string, content: Content): Xml {
  return { text: content === undefined ? '' : `<${name}>${render(content)}</${name}>` };
}

/** A whole document with S3's name space. */
export function document(name: string, content: Content): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${render(content)}</${name}>`;
}

/** An error has no name space. */
export function errorDocument(content: Content): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('Error', content).text}`;
}

/** Contents of all elements of a name, unescaped. Enough for the flat documents that clients send. */
export function elementTexts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text]) => unescape(text));
}

function unescape(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hexadecimal?: string, decimal?: string, name?: string) =>
    hexadecimal ? String.fromCodePoint(Number.parseInt(hexadecimal, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : (named[name ?? ''] ?? whole));
}
