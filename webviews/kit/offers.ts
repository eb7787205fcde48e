/** What can be done beyond the page, when what does it is there: a part of the extension, or a page that hears. */
export type Offer = 'openImage' | 'openOutputs' | 'openRun' | 'openResult';

const known = new Set<Offer>();

/** Marks an element that is of use only while something is offered; it is hidden until then. */
export function whenOffered<T extends HTMLElement>(element: T, offer: Offer): T {
  element.dataset['offer'] = offer;
  element.hidden = !known.has(offer);
  return element;
}

/** Sets what is offered from now on. */
export function setOffers(offers: Iterable<Offer>): void {
  known.clear();
  for (const offer of offers) known.add(offer);
  for (const element of document.querySelectorAll<HTMLElement>('[data-offer]')) element.hidden = !known.has(element.dataset['offer'] as Offer);
}

/** Whether something is offered now. */
export function isOffered(offer: Offer): boolean {
  return known.has(offer);
}

const names: ReadonlySet<unknown> = new Set<Offer>(['openImage', 'openOutputs', 'openRun', 'openResult']);

/** The offers in a message; others than these are of a later version. */
export function readOffers(value: unknown): readonly Offer[] {
  return Array.isArray(value) ? value.filter((each): each is Offer => names.has(each)) : [];
}
