import { drawColorBar } from '../../figures/heatmap.ts';
import { htmlCards, htmlFigure, htmlNotices, htmlPage, htmlTable } from '../../figures/html.ts';
import { drawPanel, overlayContour, overlayLabels, overlayOutlines, paint, paintPair, percentileWindow } from '../../figures/panels.ts';
import type { Window } from '../../figures/panels.ts';
import { pngDataUri } from '../../figures/png.ts';
import type { Raster } from '../../figures/png.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { cutSlice, evenIndices, fitSlice, planes, planeView } from '../../figures/slices.ts';
import type { PlaneView, Slice } from '../../figures/slices.ts';
import { svgDocument, text } from '../../figures/svg.ts';
import type { Affine, Vec3 } from '../../kernels/geometry.ts';
import { transformPoint } from '../../kernels/geometry.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { RegistrationMetrics } from './registrationMetrics.ts';

/** The images that the report shows, all on the template's grid. */
export interface RegistrationImages {
  readonly fixed: Volume<Float32Array>;
  readonly mask: Volume;
  readonly affine: Volume<Float32Array>;
  readonly deformed: Volume<Float32Array>;
  readonly labels: Volume | undefined;
  /** Label colours `#rrggbb` where the atlas gives them. */
  readonly colors: ReadonlyMap<number, string>;
  /** Length of the displacement beyond the affine part, millimetres. */
  readonly warp: Volume<Float32Array>;
}

/** What the page says besides what it shows. */
export interface RegistrationFacts {
  readonly id: string;
  readonly stain: string;
  readonly template: string;
  readonly seg: string | undefined;
  /** Template to subject, RAS millimetres. */
  readonly affinePart: Affine;
  readonly scale: Vec3;
  /** Subject to template. */
  readonly back: Affine;
}

interface Cell {
  readonly picture: Raster;
  readonly caption: string;
  readonly letters?: PlaneView['letters'];
  readonly mm?: number;
}

/** A grid of pictures with a name in front of each row. */
async function sheet(title: string, rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[], panel: number, bar?: string): Promise<string> {
  const columns = Math.max(...rows.map((row) => row.cells.length));
  const label = 96;
  const pitch = panel + 28;
  const width = label + columns * (panel + 6) + 10;
  const height = rows.length * pitch + (bar === undefined ? 10 : 64);
  const body = rows.map((row, j) =>
    text(8, j * pitch + 22 + panel / 2, row.name, { size: 13, weight: 'bold' })
    + row.cells.map((cell, i) => drawPanel({ x: label + i * (panel + 6), y: j * pitch, width: panel, height: panel + 22 }, cell.picture, { caption: cell.caption, letters: cell.letters, scaleBarMm: cell.mm })).join('')).join('');
  const svg = svgDocument({ width, height, title, body: bar === undefined ? body : `${body}<g transform="translate(${label} ${rows.length * pitch + 8})">${bar}</g>` });
  return pngDataUri(await svgToPng(svg, 1));
}

/** Centre of the mask in voxels, by its middle planes. */
function centreOf(mask: Volume): readonly [number, number, number] {
  const [nx, ny, nz] = mask.size;
  const sum = [0, 0, 0];
  let n = 0;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (mask.data[i] === 0) continue;
        sum[0] += x;
        sum[1] += y;
        sum[2] += z;
        n++;
      }
    }
  }
  return n === 0 ? [(nx - 1) / 2, (ny - 1) / 2, (nz - 1) / 2] : [Math.round(sum[0] / n), Math.round(sum[1] / n), Math.round(sum[2] / n)];
}

/** The registration report as a page of its own. */
export async function registrationPage(images: RegistrationImages, metrics: RegistrationMetrics, facts: RegistrationFacts): Promise<string> {
  const { fixed, affine, deformed, labels, mask, warp, colors } = images;
  const fixedWindow = percentileWindow(fixed.data, 1, 99, 0);
  const movingWindow = percentileWindow(deformed.data, 1, 99, 0);
  const centre = centreOf(mask);
  const views = planes.map((plane) => planeView(fixed.affine, plane));
  const fit = (volume: Volume, view: PlaneView, index: number, panel: number, mode: 'linear' | 'nearest' = 'linear'): Slice => fitSlice(cutSlice(volume, view, index), panel, panel, mode);

  const orthoRow = (name: string, volume: Volume, window: Window): { name: string; cells: Cell[] } => ({
    name,
    cells: views.map((view) => {
      const slice = fit(volume, view, centre[view.through], 330);
      return { picture: paint(slice, window), caption: view.plane, letters: view.letters, mm: slice.pixel[0] };
    }),
  });
  const ortho = await sheet('Template, subject after the affine part, and subject after the whole transform', [
    orthoRow('template', fixed, fixedWindow), orthoRow('affine', affine, movingWindow), orthoRow('deformed', deformed, movingWindow),
  ], 330);

  const seven = (name: string, view: PlaneView, draw: (index: number) => Raster): { name: string; cells: Cell[] } => ({
    name,
    cells: evenIndices(fixed.size[view.through], 7).map((index, i) => ({ picture: draw(index), caption: `${view.plane} ${index}`, letters: i === 0 ? view.letters : undefined })),
  });
  const panel = 190;
  const pairs = await sheet('Template in green, subject in magenta', views.flatMap((view) => ([['affine', affine], ['deformed', deformed]] as const).map(([name, volume]) =>
    seven(name, view, (index) => paintPair(fit(fixed, view, index, panel), fixedWindow, fit(volume, view, index, panel), movingWindow)))), panel);
  const contours = await sheet('Deformed subject with the outline of the template brain', views.map((view) => seven(view.plane, view, (index) => {
    const picture = paint(fit(deformed, view, index, panel), movingWindow);
    overlayContour(picture, fit(mask, view, index, panel, 'nearest'), 0.5, [255, 220, 0]);
    const slice = fit(fixed, view, index, panel);
    overlayContour(picture, slice, (fixedWindow.low + fixedWindow.high) / 2, [0, 220, 255], 0.6);
    return picture;
  })), panel);
  const regions = labels === undefined ? undefined : await sheet('Atlas regions on the deformed subject', views.map((view) => seven(view.plane, view, (index) => {
    const picture = paint(fit(deformed, view, index, panel), movingWindow);
    const slice = fit(labels, view, index, panel, 'nearest');
    overlayLabels(picture, slice, colors, 0.28);
    overlayOutlines(picture, slice, colors, 0.9);
    return picture;
  })), panel);
  const most = Math.max(metrics.warpMillimetres.mean + 2 * metrics.warpMillimetres.std, 1e-3);
  const masked: Volume = { ...warp, data: warp.data.map((value, i) => (mask.data[i] === 0 ? 0 : value)) };
  const warpSheet = await sheet('Length of the displacements beyond the affine part', [{
    name: 'warp',
    cells: views.map((view) => ({ picture: paint(fit(masked, view, centre[view.through], 330), { low: 0, high: most }, 'viridis'), caption: view.plane, letters: view.letters })),
  }], 330, drawColorBar({ x: 0, y: 0, width: 260, height: 12 }, 'viridis', [0, most], 'displacement, mm'));

  const { warpMillimetres, jacobian } = metrics;
  const notices = [
    ...(jacobian.folded > 0 ? [`The transform folds in ${formatNumber(jacobian.folded)} voxels: regions near them are not to be trusted.`] : []),
    ...(metrics.deformable.maskDice !== null && metrics.deformable.maskDice < 0.9 ? [`The brain masks agree with a Dice coefficient of only ${formatNumber(metrics.deformable.maskDice, 3)}: look at the outlines below, at the orientation, and at the brain mask.`] : []),
  ];
  const number = (value: number | null): number => value ?? NaN;
  const table = htmlTable('Agreement with the template inside its brain mask', [{ label: 'Stage' }, { label: 'Correlation', numeric: true }, { label: 'Normalised mutual information (1 to 2)', numeric: true }, { label: 'Dice of the brain masks', numeric: true }],
    ([['affine part', metrics.affine], ['whole transform', metrics.deformable]] as const).map(([name, m]) => [name, number(m.correlation), number(m.normalizedMutualInformation), number(m.maskDice)]), false);
  const origin = transformPoint(facts.affinePart, [0, 0, 0]);
  const alt = (what: string): string => `${what}, ${facts.stain} of ${facts.id} and template ${facts.template}`;
  return htmlPage({
    title: `Registration of ${facts.id}`,
    subtitle: `Stain ${facts.stain} to template ${facts.template}`,
    sections: [
      {
        id: 'numbers', heading: 'In numbers', body: htmlNotices(notices) + htmlCards([
          { label: 'Dice of the brain masks', value: formatNumber(number(metrics.deformable.maskDice), 3), note: `affine part: ${formatNumber(number(metrics.affine.maskDice), 3)}` },
          { label: 'Warp, mean ± SD', value: `${formatNumber(warpMillimetres.mean, 3)} ± ${formatNumber(warpMillimetres.std, 3)} mm`, note: `largest ${formatNumber(warpMillimetres.max, 3)} mm, inside the brain` },
          { label: 'Volume change', value: `${formatNumber(jacobian.min, 3)} to ${formatNumber(jacobian.max, 3)}`, note: jacobian.folded === 0 ? 'nothing folds' : `${jacobian.folded} voxels fold` },
          { label: 'Scale of the affine part', value: facts.scale.map((value) => formatNumber(value, 3)).join(' × '), note: `template origin lies at ${origin.map((value) => formatNumber(value, 3)).join(', ')} mm` },
        ]) + table,
      },
      { id: 'ortho', heading: 'Before and after', body: htmlFigure(ortho, alt('Three planes through the middle of the brain'), 'Template, subject after the affine part, and subject after the whole transform, through the middle of the template\'s brain.') },
      { id: 'overlays', heading: 'Overlays', body: htmlFigure(pairs, alt('Seven slices in each plane, template and subject laid over each other'), 'Template in green, subject in magenta. Where both are equally bright the picture is gray or white; a coloured rim is a shift.') },
      { id: 'contours', heading: 'Contours', body: htmlFigure(contours, alt('Seven slices in each plane with outlines'), 'Deformed subject with the outline of the template\'s brain mask (yellow) and of its brighter structures (cyan).') },
      ...(regions === undefined ? [] : [{ id: 'labels', heading: `Regions of atlas ${facts.seg ?? ''}`, body: htmlFigure(regions, alt('Seven slices in each plane with atlas regions'), 'Deformed subject with the regions of the atlas in their colours.') }]),
      { id: 'warp', heading: 'Warp', body: htmlFigure(warpSheet, alt('Length of the displacements'), 'How far the deformable part moves each point, in millimetres (inside the brain mask; the affine part is taken out).') },
    ],
    footer: '<p>The affine part is the affine transform nearest to the whole transform inside the brain mask, by least squares.</p>',
  });
}
