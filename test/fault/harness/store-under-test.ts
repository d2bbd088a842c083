/** Names a store in the settings' own words; more than the URL where an engine wants more to be said. */
export type StoreSettings = Readonly<Record<string, string>> & { readonly WRIT_STORE_URL: string };

/** Asked for when a suite begins. @param folder the suite's own, where an embedded store is too */
export type StoreUnderTest = (folder: string) => StoreSettings;
