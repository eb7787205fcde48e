import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { htmlFigure, htmlPage, htmlTable, relativeLink } from '../../../runner/figures/html.ts';

const hostile = '<img src=x onerror="alert(1)">&\'';

describe('report pages', () => {
  const page = htmlPage({ title: hostile, subtitle: hostile, sections: [{ id: 'a', heading: hostile, body: htmlTable(hostile, [{ label: hostile }], [[hostile]]) }, { id: 'b', heading: 'B', body: htmlFigure('data:image/png;base64,AA==', hostile, hostile, 'x.png') }] });

  it('escapes whatever comes from a dataset', () => {
    assert.ok(!page.includes('<img src=x'));
    assert.ok(page.includes('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;'));
  });

  it('forbids everything but its own style and script', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    assert.match(policy, /^default-src 'none'; img-src data:;/);
    for (const [tag, directive] of [['style', 'style-src'], ['script', 'script-src']] as const) {
      const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? '';
      assert.ok(policy.includes(`${directive} 'sha256-${createHash('sha256').update(content).digest('base64')}'`), `${tag} is the one allowed`);
    }
    assert.ok(!/ style="| on[a-z]+="/.test(page.replace(/&quot;/g, '')), 'no inline styles or handlers, which the policy would block');
    assert.ok(!/(src|href)="https?:/.test(page), 'nothing is loaded from elsewhere');
  });

  it('gives pictures a text and tables a caption and headings', () => {
    assert.match(page, /<img [^>]*alt="[^"]+/);
    assert.match(page, /<caption>/);
    assert.match(page, /<th scope="col">/);
    assert.match(page, /<html lang="en">/);
  });

  it('links from one file to another', () => {
    assert.equal(relativeLink('sub-1/qc/report.html', 'sub-1/tabular/a+b.tsv'), '../tabular/a%2Bb.tsv');
    assert.equal(relativeLink('group/1/report.html', 'group/1/x.tsv'), 'x.tsv');
    assert.equal(relativeLink('a.html', 'b/c d.png'), 'b/c%20d.png');
  });
});
