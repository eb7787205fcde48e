// Loaded when somebody looks at the rendering: the planes do not wait for it.
import { Niivue } from '@niivue/niivue';
import { channelVoxels, mixChannels, mixedNifti, type ChannelVoxels } from './mixVolume.ts';
import type { Window } from './windowing.ts';

/** A channel of a volume. */
export interface RenderedChannel {
  /** Uncompressed NIfTI. */
  readonly nifti: ArrayBuffer;
  readonly label: string;
}

/** How a channel is shown; in the order of the volumes. */
export interface RenderedLook {
  readonly visible: boolean;
  readonly color: string;
  readonly window: Window;
}

/** A rendering of a few channels by NiiVue. They are mixed into one volume: NiiVue would paint each over those before it. */
export class Rendering {
  readonly #canvas: HTMLCanvasElement;
  readonly #niivue: Niivue;
  readonly #channels: readonly ChannelVoxels[];
  #depth = 2;

  private constructor(canvas: HTMLCanvasElement, niivue: Niivue, channels: readonly ChannelVoxels[]) {
    this.#canvas = canvas;
    this.#niivue = niivue;
    this.#channels = channels;
  }

  /** Begins to render into a canvas. Rejects when the page has no WebGL 2. */
  static async start(canvas: HTMLCanvasElement, channels: readonly RenderedChannel[]): Promise<Rendering> {
    const niivue = new Niivue({
      backColor: [0, 0, 0, 1], show3Dcrosshair: false, isColorbar: false, isOrientCube: true, dragAndDropEnabled: false, logLevel: 'error', loadingText: '',
      clipPlaneHotKey: '', cycleClipPlaneHotKey: '', viewModeHotKey: '', clipPlaneColor: [0, 0, 0, 0], fontColor: [1, 1, 1, 1],
    });
    await niivue.attachToCanvas(canvas, true);
    niivue.setSliceType(niivue.sliceTypeRender);
    const [first] = channels;
    const name = `${first.label}.nii`;
    await niivue.addVolumeFromUrl({ url: name, name, buffer: mixedNifti(first.nifti) });
    niivue.setRenderAzimuthElevation(120, 18);
    return new Rendering(canvas, niivue, channels.map(({ nifti }) => channelVoxels(nifti)));
  }

  /** Shows the channels in their colours and windows. */
  look(looks: readonly RenderedLook[]): void {
    const niivue = this.#niivue;
    const volume = niivue.volumes.at(0);
    if (volume === undefined) return;
    volume.img = mixChannels(this.#channels, looks);
    niivue.updateGLVolume();
  }

  turn(azimuth: number, elevation: number): void {
    const { scene } = this.#niivue;
    this.#niivue.setRenderAzimuthElevation(scene.renderAzimuth + azimuth, Math.max(-90, Math.min(90, scene.renderElevation + elevation)));
  }

  zoom(factor: number): void {
    this.#niivue.setScale(Math.min(6, Math.max(0.4, this.#niivue.scene.volScaleMultiplier * factor)));
  }

  /** Cuts off what is in front, by so much more; from the front of the view. */
  clip(step: number): number {
    this.#depth = Math.max(-0.5, Math.min(2, (this.#depth > 1 ? 0.55 : this.#depth) - step));
    if (this.#depth > 0.5) this.#depth = 2;
    const { renderAzimuth, renderElevation } = this.#niivue.scene;
    this.#niivue.setClipPlane([this.#depth, renderAzimuth, renderElevation]);
    return this.#depth;
  }

  /** What is rendered, drawn in this very moment: the canvas keeps nothing. */
  picture(): HTMLCanvasElement {
    this.#niivue.drawScene();
    return this.#canvas;
  }

  dispose(): void {
    for (const volume of [...this.#niivue.volumes]) this.#niivue.removeVolume(volume);
    this.#niivue.cleanup();
    this.#niivue.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
