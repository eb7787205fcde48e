import { escapeHtml } from '../../runner/wording/escape.ts';

/**
 * A report as it is shown in the editor: under our policy instead of its own, which lets no script of the report run and
 * loads nothing from elsewhere, and with the one script of ours that makes its links and tables work.
 */
export function reportHtml(html: string, script: string, nonce: string): string {
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-src 'none'`;
  const head = `<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<script type="module" nonce="${nonce}" src="${escapeHtml(script)}"></script>`;
  const own = html.replaceAll(/<meta\b[^>]*http-equiv\s*=\s*["']?content-security-policy\b[^>]*>/gi, '').replaceAll(/<script\b[^>]*>[\s\S]*?<\/script\s*>/gi, '');
  const at = /<head\b[^>]*>/i.exec(own);
  if (at === null) return `<!DOCTYPE html>\n<html lang="en">\n<head>\n${head}\n</head>\n<body>\n${own}\n</body>\n</html>`;
  return `${own.slice(0, at.index + at[0].length)}\n${head}${own.slice(at.index + at[0].length)}`;
}

/** Where a link of a report leads. Relative ones are relative to the report; undefined: nowhere that is opened from here. */
export function resolveLink(report: string, href: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(href)?.[1].toLowerCase();
  if (scheme !== undefined) return scheme === 'https' || scheme === 'http' ? href : undefined;
  if (href.startsWith('/') || href.startsWith('\\')) return undefined;
  const [path] = href.split(/[?#]/, 1);
  let relative: string;
  try {
    relative = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const root = /^[a-z][a-z0-9+.-]+:\/\/[^/]*/i.exec(report)?.[0] ?? '';
  const parts = report.slice(root.length).split(/[\\/]/).slice(0, -1);
  for (const part of relative.split('/')) {
    if (part === '..') {
      if (parts.length <= 1) return undefined;
      parts.pop();
    } else if (part !== '.' && part !== '') {
      parts.push(part);
    }
  }
  return root + parts.join('/');
}
