import { escapeHtml } from '../../wording/escape.ts';
import type { HtmlSection } from '../../figures/html.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';

/** A figure of the report: shown in it, or only linked to. */
export interface ReportFigure {
  readonly section: string;
  readonly file: string;
  readonly caption: string;
  readonly shown: boolean;
  /** Large montages are folded away. */
  readonly folded: boolean;
}

/** All figures that an image can have, in the order of the report. */
export function reportFigures(plan: ImagePlan, methods: readonly string[]): readonly ReportFigure[] {
  const { paths, options, template } = plan;
  const figure = (section: string, file: string, caption: string, more: Partial<ReportFigure> = {}): ReportFigure => ({ section, file, caption, shown: true, folded: false, ...more });
  return [
    ...methods.flatMap((method) => template.segs.map((seg) =>
      figure('Regions with the most signal', paths.qc({ seg, method }, 'roisummary'), `The regions of atlas ${seg} with the largest field fraction and density, by ${method}.`))),
    ...methods.flatMap((method) => plan.stainsForSeg.flatMap((stain) => [
      figure(`Segmentation: ${stain}`, paths.qc({ stain, method }, 'segslices'), `${stain} with its segmentation by ${method}: five slices in each plane, and the maximum over all slices.`),
      figure(`Segmentation: ${stain}`, paths.thresholds(stain, options.segmentationLevel, method), `Intensities of ${stain} and the threshold of ${method}.`),
      figure(`Segmentation: ${stain}`, paths.qc({ stain, method }, 'objectstats'), `Sizes of the objects of ${stain}, by ${method}.`),
      figure(`Segmentation: ${stain}`, paths.qc({ stain, method }, 'zprofile'), `Intensity and field fraction of ${stain} plane by plane, by ${method}.`),
      ...template.segs.flatMap((seg) => [
        figure(`Segmentation: ${stain}`, paths.qc({ stain, seg, method }, 'roimontage'), `${stain} in the regions of atlas ${seg}, with the segmentation by ${method}.`, { folded: true }),
        figure(`Segmentation: ${stain}`, paths.qc({ stain, seg, method: `${method}nomask` }, 'roimontage'), `The same without the segmentation: ${stain} in the regions of atlas ${seg}.`, { shown: false }),
      ]),
    ])),
    ...plan.stains.map((stain) => figure('Intensities', paths.qc({ stain }, 'histogram'), `Intensities of ${stain}.`)),
  ];
}

/** The sections of the report that hold figures. */
export function figureSections(figures: readonly ReportFigure[], draw: (figure: ReportFigure) => string): readonly HtmlSection[] {
  const headings = [...new Set(figures.map(({ section }) => section))];
  return headings.map((heading) => ({
    id: heading.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    heading,
    body: figures.filter(({ section }) => section === heading)
      .map((figure) => (figure.folded ? `<details><summary>${summaryOf(figure)}</summary>${draw(figure)}</details>` : draw(figure))).join('\n'),
  }));
}

function summaryOf(figure: ReportFigure): string {
  const seg = /_seg-([^_]+)_/.exec(figure.file)?.[1];
  return escapeHtml(seg === undefined ? 'Montage' : `Montage of the regions of atlas ${seg}`);
}
