/** Notebook types that the controllers serve. */
export const notebookTypes = { own: 'spimquant-notebook', jupyter: 'jupyter-notebook' } as const;

/** Languages of cells that are executed. */
export const commandLanguage = 'spimquant';
export const optionsLanguage = 'yaml';

/** Where a cell is carried out. */
export type Place = 'local' | 'cloud';

/** Ids of the controllers. The editor remembers them in its workspaces: never change them. */
export const controllerIds: { readonly [type in 'own' | 'jupyter']: { readonly [place in Place]: string } } = {
  own: { local: 'spimquant-local', cloud: 'spimquant-coiled' },
  jupyter: { local: 'spimquant-local-jupyter', cloud: 'spimquant-coiled-jupyter' },
};

/** The renderer of results and runs, as package.json names it. */
export const rendererId = 'spimquant-renderer';

/** Ids of our own commands that menus do not offer: they are run by items of cells. */
export const openOutputFolderCommand = 'spimquant.notebook.openOutputFolder';
