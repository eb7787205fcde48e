/**
 * What is used of Google's library for sign-in, to be loaded when it is needed. The library is a CommonJS module: loaded
 * dynamically by itself, a bundle has none of its names, only a default.
 */
export {
  AwsClient, Compute, ExternalAccountAuthorizedUserClient, gaxios, gcpMetadata, IdentityPoolClient, JWT, OAuth2Client, PluggableAuthClient, UserRefreshClient,
} from 'google-auth-library';
