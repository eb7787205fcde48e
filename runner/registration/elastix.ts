import { InterfaceTypes, runPipelineNode, type Image, type JsonCompatible } from 'itk-wasm';
import { assetPath } from '../assets.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { voxelSize, type Affine, type Vec3 } from '../kernels/geometry.ts';
import { gridCentre, type Grid } from '../kernels/transform.ts';
import { voxelCount, type Volume } from '../kernels/volume.ts';

/** How thoroughly {@link elastixAffine} searches. */
export interface ElastixOptions {
  /** Iterations per resolution. Default 250. */
  readonly iterations?: number;
  /** Of the random sampling; equal seeds and images give equal results. Default 1. */
  readonly seed?: number;
}

/**
 * Affine registration (12 degrees of freedom) with elastix: Mattes mutual information, adaptive stochastic gradient
 * descent, coarse to fine. Runs synchronously in WebAssembly for some seconds: call it from a worker thread.
 *
 * Both images are brought to a common frame first: centres at the origin, lengths in units of the fixed image's mean
 * voxel, so that neither the unit of length nor a far-off origin matters to the optimiser.
 *
 * @param fixed values from 0 to 1
 * @param moving values from 0 to 1
 * @param start RAS point of the moving image that the centre of the fixed image is laid on; default the moving centre
 * @returns the matrix that maps RAS points of the fixed image to RAS points of the moving one
 * @throws SpimquantError `internal` when elastix gives up (e.g. the images lost each other)
 */
export async function elastixAffine(fixed: Volume<Float32Array>, moving: Volume<Float32Array>, start?: Vec3, options: ElastixOptions = {}): Promise<Affine> {
  const unit = Math.cbrt(voxelSize(fixed.affine).reduce((product, size) => product * size, 1));
  const fixedCentre = gridCentre(fixed);
  const movingCentre = start ?? gridCentre(moving);
  const parameters = parameterMap(fixed, moving, unit, options);
  const output = await runElastix(parameters, itkImage(fixed, fixedCentre, unit), itkImage(moving, movingCentre, unit));
  return fromLps(output, fixedCentre, movingCentre, unit);
}

async function runElastix(parameters: ParameterMap, fixed: Image, moving: Image): Promise<readonly number[]> {
  const failed = (cause: unknown): SpimquantError =>
    new SpimquantError('internal', 'elastix could not register the images affinely.', {
      cause,
      hint: 'The images may not overlap or show too little: check the orientation, the brain mask and --stains_for_reg.',
    });
  let outputs;
  try {
    const run = await withoutConsole(() => runPipelineNode(
      assetPath('elastix/elastix'),
      ['0', '0', '1', '2', '--memory-io', '--fixed', '1', '--moving', '2'],
      [{ type: InterfaceTypes.Image }, { type: InterfaceTypes.TransformList }, { type: InterfaceTypes.JsonCompatible }],
      [
        { type: InterfaceTypes.JsonCompatible, data: [parameters] as unknown as JsonCompatible },
        { type: InterfaceTypes.Image, data: fixed },
        { type: InterfaceTypes.Image, data: moving },
      ],
    ));
    if (run.returnValue !== 0) throw failed(run.stderr);
    outputs = run.outputs;
  } catch (error) {
    if (error instanceof SpimquantError) throw error;
    // What the WebAssembly module throws is often the bare address of a C++ exception.
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new SpimquantError('internal', `A file of the program is missing: ${assetPath('elastix/elastix.wasm.zst')}.`, { cause: error, hint: 'Install the program again, or run npm run build in its sources.' });
    }
    throw failed(error);
  }
  const [map] = (outputs[2].data ?? []) as unknown as readonly ParameterMap[];
  const numbers = map?.TransformParameters?.map(Number) ?? [];
  if (numbers.length !== 12 || !numbers.every(Number.isFinite)) throw failed('no finite parameters');
  return numbers;
}

/**
 * Runs something with `console` silent. itk-wasm prints to the standard output when elastix fails, which would break the
 * lines of events there; a worker thread has one task at a time, so nobody else's words are lost.
 */
async function withoutConsole<T>(run: () => Promise<T>): Promise<T> {
  const { log, error } = console;
  console.log = console.error = () => undefined;
  try {
    return await run();
  } finally {
    console.log = log;
    console.error = error;
  }
}

type ParameterMap = Readonly<Record<string, readonly string[]>>;

/** elastix' parameters (elastix manual 5.1, §5–6), for images of any size and anisotropy. */
function parameterMap(fixed: Grid, moving: Grid, unit: number, options: ElastixOptions): ParameterMap {
  const extent = Math.min(...voxelSize(fixed.affine).map((size, axis) => (size * fixed.size[axis]) / unit));
  const resolutions = Math.min(3, Math.max(1, Math.floor(Math.log2(extent / 6))));
  const voxels = voxelCount(fixed.size);
  const words: Record<string, string | number | boolean | readonly number[]> = {
    Registration: 'MultiResolutionRegistration',
    Transform: 'AffineTransform',
    Metric: 'AdvancedMattesMutualInformation',
    Optimizer: 'AdaptiveStochasticGradientDescent',
    Interpolator: 'LinearInterpolator',
    // Random positions between voxels: a regular grid of samples biases mutual information towards whole voxels.
    ImageSampler: 'RandomCoordinate',
    FixedImagePyramid: 'FixedSmoothingImagePyramid',
    MovingImagePyramid: 'MovingSmoothingImagePyramid',
    ResampleInterpolator: 'FinalLinearInterpolator',
    Resampler: 'DefaultResampler',
    FixedInternalImagePixelType: 'float',
    MovingInternalImagePixelType: 'float',
    FixedImageDimension: 3,
    MovingImageDimension: 3,
    UseDirectionCosines: true,
    AutomaticTransformInitialization: false,
    CenterOfRotationPoint: [0, 0, 0],
    AutomaticScalesEstimation: true,
    AutomaticParameterEstimation: true,
    HowToCombineTransforms: 'Compose',
    NumberOfResolutions: resolutions,
    FixedImagePyramidSchedule: schedule(fixed, unit, resolutions),
    MovingImagePyramidSchedule: schedule(moving, unit, resolutions),
    MaximumNumberOfIterations: options.iterations ?? 250,
    NumberOfSpatialSamples: Math.min(2048, Math.max(1000, Math.round(voxels / 4))),
    NewSamplesEveryIteration: true,
    // How large steps may be is found from so many samples, some ten times per resolution: with elastix' 100,000 that takes longer
    // than the search itself, and results are the same within the randomness of the sampling.
    NumberOfSamplesForExactGradient: 10_000,
    CheckNumberOfSamples: true,
    MaximumNumberOfSamplingAttempts: 8,
    RequiredRatioOfValidSamples: 0.05,
    // Finer bins follow an edge more closely, but need voxels to fill them.
    NumberOfHistogramBins: voxels > 30_000 ? 64 : 32,
    FixedKernelBSplineOrder: 1,
    RandomSeed: options.seed ?? 1,
    DefaultPixelValue: 0,
    ErodeMask: false,
    WriteResultImage: false,
    ResultImageFormat: 'nii',
    ResultImagePixelType: 'float',
  };
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : [String(value as string | number | boolean)]]));
}

/**
 * Smoothing per resolution and axis (elastix smooths by half of it, in voxels), the coarsest first: equal in millimetres
 * along all axes and for both images.
 */
function schedule(grid: Grid, unit: number, resolutions: number): readonly number[] {
  const sizes = voxelSize(grid.affine);
  return Array.from({ length: resolutions }, (_, index) => 2 ** (resolutions - 1 - index))
    .flatMap((factor) => sizes.map((size, axis) => Math.min(Math.max(1, Math.floor(grid.size[axis] / 2)), Math.max(1, Math.round((factor * unit) / size)))));
}

/** An image as ITK sees it, in LPS, moved so that `centre` (RAS mm) is the origin, and with lengths in `unit`. */
function itkImage(volume: Volume<Float32Array>, centre: Vec3, unit: number): Image {
  const m = volume.affine;
  const sizes = voxelSize(m);
  const signs = [-1, -1, 1];
  const direction = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) direction[row * 3 + column] = (signs[row] * m[row * 4 + column]) / sizes[column];
  }
  return {
    imageType: { dimension: 3, componentType: 'float32', pixelType: 'Scalar', components: 1 },
    name: 'image',
    origin: signs.map((sign, row) => (sign * (m[row * 4 + 3] - centre[row])) / unit),
    spacing: sizes.map((size) => size / unit),
    direction,
    size: [...volume.size],
    metadata: new Map(),
    data: volume.data,
  };
}

/** elastix' parameters (rows of the matrix, then the shift; about the origin) as a matrix between RAS points. */
function fromLps(parameters: readonly number[], fixedCentre: Vec3, movingCentre: Vec3, unit: number): Affine {
  const signs = [-1, -1, 1];
  const linear = Array.from({ length: 9 }, (_, i) => signs[Math.floor(i / 3)] * signs[i % 3] * parameters[i]);
  const shift = signs.map((sign, row) => sign * parameters[9 + row] * unit + movingCentre[row]
    - (linear[row * 3] * fixedCentre[0] + linear[row * 3 + 1] * fixedCentre[1] + linear[row * 3 + 2] * fixedCentre[2]));
  return [...linear.slice(0, 3), shift[0], ...linear.slice(3, 6), shift[1], ...linear.slice(6, 9), shift[2], 0, 0, 0, 1];
}
