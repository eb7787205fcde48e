/** Where a token was found. */
export type TokenSource =
  /** A variable of the environment. */
  | { readonly kind: 'variable'; readonly name: string }
  /** A file of Dask's configuration, where `coiled login` writes it. */
  | { readonly kind: 'file'; readonly path: string }
  /** Kept by the editor, and given with a request. */
  | { readonly kind: 'editor' };

/** A token with where it is from. The value goes into the header of requests and nowhere else. */
export interface CoiledToken {
  readonly value: string;
  readonly source: TokenSource;
}

/** What is known of Coiled on this machine before anything is asked. */
export interface CoiledSettings {
  /** With a protocol, without a slash at its end. */
  readonly server: string;
  /** Left out: nobody is signed in. */
  readonly token?: CoiledToken;
  /** Left out: the default of the user. */
  readonly workspace?: string;
}
