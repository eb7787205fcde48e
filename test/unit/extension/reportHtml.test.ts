import assert from 'node:assert/strict';
import { reportHtml, resolveLink } from '../../../extension/panels/reportHtml.ts';
import { htmlPage } from '../../../runner/figures/html.ts';

describe('A report in the editor', () => {
  it('stands under the editor\'s policy alone, without its own script', () => {
    const page = reportHtml(htmlPage({ title: 'R', sections: [{ id: 'a', heading: 'A', body: '<p>text</p>' }] }), 'https://x/report.js', 'N0NCE');
    assert.equal(page.match(/http-equiv="Content-Security-Policy"/g)?.length, 1);
    assert.match(page, /default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-N0NCE'/);
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.ok(page.indexOf('Content-Security-Policy') < page.indexOf('<style>'), 'the policy comes first');
    assert.match(page, /<p>text<\/p>/);
  });

  it('is made of any page', () => {
    const page = reportHtml('<p>no head</p><SCRIPT>steal()</SCRIPT ><script src=x></script>', 's"&.js', 'n');
    assert.match(page, /^<!DOCTYPE html>/);
    assert.doesNotMatch(page, /steal/);
    assert.match(page, /src="s&quot;&amp;\.js"/);
    assert.match(page, /<p>no head<\/p>/);
  });
});

describe('Links of a report', () => {
  const local = '/data/out/sub-01/qc/sub-01_report.html';
  it('lead to files beside it', () => {
    assert.equal(resolveLink(local, '../tabular/a%2Bb.tsv'), '/data/out/sub-01/tabular/a+b.tsv');
    assert.equal(resolveLink(local, './x.png#part'), '/data/out/sub-01/qc/x.png');
    assert.equal(resolveLink('s3://bucket/out/sub-01/r.html', '../group/t.tsv'), 's3://bucket/out/group/t.tsv');
    assert.equal(resolveLink('C:\\out\\sub-01\\r.html', 'x.tsv'), 'C:/out/sub-01/x.tsv');
  });

  it('lead to web pages, and nowhere else', () => {
    assert.equal(resolveLink(local, 'https://atlas.example/x'), 'https://atlas.example/x');
    for (const href of ['javascript:alert(1)', 'file:///etc/passwd', 'command:workbench.action.quit', '/etc/passwd', '\\\\server\\share', '../../../../../etc/passwd', '%E0%A4%A']) assert.equal(resolveLink(local, href), undefined, href);
    assert.equal(resolveLink('s3://bucket/r.html', '../other/x'), undefined);
  });
});
