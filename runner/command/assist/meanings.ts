import type { ValueKind } from '../flag.types.ts';
import { BadValue, parseMethod, parseSize } from '../values.ts';

/** Atlases by template, the default ones first; a test holds it against the registry. */
export const atlasesOf: Readonly<Record<string, readonly string[]>> = {
  ABAv3: ['all', 'coarse', 'mid', 'fine', 'allsym', 'roi22', 'roi82', 'roi198'],
  DSURQE: ['all'],
  MBMv3: ['paxinos'],
  turone: ['all'],
  phantom: ['all', 'coarse'],
};

/** Stains that upstream knows by name, and what they show. */
export const stainMeanings: Readonly<Record<string, string>> = {
  Abeta: 'Amyloid plaques', BetaAmyloid: 'Amyloid plaques', AlphaSynuclein: 'Alpha-synuclein', Iba1: 'Microglia', NeuN: 'Neurons', Olig2: 'Oligodendrocytes',
  ChAT: 'Cholinergic neurons', VAChT: 'Cholinergic terminals', PI: 'Nuclei (propidium iodide)', YOPRO: 'Nuclei', YoPro: 'Nuclei', YoPro1: 'Nuclei', AutoF: 'Autofluorescence', autof: 'Autofluorescence',
  CD31: 'Vessels (endothelium)', Lectin: 'Vessels (perfused lectin)',
};

const choices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'template': {
    ABAv3: 'Mouse: Allen brain atlas, version 3', DSURQE: 'Mouse: MRI of ex-vivo brains', gubra: 'Mouse: needs its files in --template_dir', MBMv3: 'Marmoset, version 3',
    turone: 'Mouse: MRI; has no brain mask', phantom: 'Generated small brain, to try things on',
  },
  'template_crop': { left: 'Only the left hemisphere was imaged', right: 'Only the right hemisphere was imaged' },
  'correction_method': { n4: 'N4: a smooth bias field is estimated and divided out', gaussian: 'A strongly blurred copy is divided out; quicker and coarser' },
  'test': { student: 'Assumes equal variances in both groups', welch: 'Does not assume equal variances' },
  'zarr-store-ext': { 'ome.zarr': 'Folders of many files', 'ozx': 'One zip file each' },
  'plane': { axial: 'From above', coronal: 'From the front', sagittal: 'From the side' },
};

/** What a choice of a flag means, or undefined. */
export function choiceMeaning(flag: string, value: string): string | undefined {
  return choices[flag]?.[value];
}

const ordinals = ['', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh'];

/** What a segmentation method does, in a sentence; undefined when the word is none. */
export function methodMeaning(word: string): string | undefined {
  try {
    const method = parseMethod(word);
    switch (method.kind) {
      case 'threshold': return `Voxels of ${method.value} and more, after intensity correction.`;
      case 'otsu': {
        const { classes, index } = method;
        if (index === 0 || index === classes) return `Voxels above the ${index === 0 ? 'lowest' : 'highest'} intensity of the histogram: ${index === 0 ? 'nearly everything' : 'nearly nothing'}.`;
        const thresholds = classes === 2 ? 'the threshold' : index === classes - 1 ? `the highest of ${classes - 1} thresholds` : `the ${ordinals[index]} of ${classes - 1} thresholds`;
        return `Otsu with ${classes} classes of intensity: voxels above ${thresholds}.`;
      }
      case 'gmm': return `Gaussian mixture of ${method.components} ${method.components === 1 ? 'component' : 'components'}: voxels above the brightest component's mean plus ${method.sigmas} standard ${method.sigmas === 1 ? 'deviation' : 'deviations'}.`;
    }
  } catch (error) {
    if (error instanceof BadValue) return undefined;
    throw error;
  }
}

const directions: Readonly<Record<string, string>> = { R: 'right', L: 'left', A: 'front', P: 'back', S: 'top', I: 'bottom' };

/** `RAS`: x to the right, y to the front, z to the top. */
export function orientationMeaning(word: string): string | undefined {
  const names = [...word.toUpperCase()].map((letter) => directions[letter]);
  return names.length === 3 && names.every((name) => name !== undefined) ? `x increases to the ${names[0]}, y to the ${names[1]}, z to the ${names[2]}.` : undefined;
}

/** What one word of a flag means, or undefined when there is no more to say than the word. */
export function valueMeaning(flag: string, kind: ValueKind, word: string): string | undefined {
  switch (kind.kind) {
    case 'method': return methodMeaning(word);
    case 'orientation': return orientationMeaning(word);
    case 'cores': return word.toLowerCase() === 'all' ? 'Every core of the machine.' : undefined;
    case 'duration': return word === '0' ? 'Never: the run fails at once.' : word === 'none' ? 'As long as it takes.' : undefined;
    case 'size': return sizeMeaning(word);
    case 'text': return choiceMeaning(flag, word) ?? (flag.includes('stain') ? stainMeanings[word] : undefined);
    case 'integer': return flag === 'level' || flag.endsWith('_level') ? levelMeaning(word) : undefined;
    case 'position': return positionMeaning(word);
    default: return undefined;
  }
}

function sizeMeaning(word: string): string | undefined {
  try {
    return `${(parseSize(word) / 2 ** 30).toFixed(1)} GiB.`;
  } catch (error) {
    if (error instanceof BadValue) return undefined;
    throw error;
  }
}

function levelMeaning(word: string): string | undefined {
  const level = /^\d+$/.test(word) ? Number(word) : undefined;
  if (level === undefined || level > 30) return undefined;
  return level === 0 ? 'The full resolution.' : `Usually ${2 ** level} times coarser than the full resolution.`;
}

function positionMeaning(word: string): string | undefined {
  if (word.endsWith('mm')) return 'Millimetres from the origin, towards right, front or top.';
  return word === '0.5' ? 'The middle.' : undefined;
}
